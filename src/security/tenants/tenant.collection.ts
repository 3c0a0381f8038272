import type { TenantId } from '../../common/ids.js';
import { defineCollection } from '../../storage/collection.js';

export interface Tenant {
  _id: TenantId;
  name: string;
  createdAt: Date;
}

export const TENANTS = defineCollection<Tenant>({
  name: 'tenants',
  fields: {
    _id: String,
    name: { type: String, required: true },
    createdAt: { type: Date, required: true },
  },
  indexes: [],
});
