import type { TenantId } from '../../common/ids.js';
import type { RedactionSettings } from '../../common/redaction-rules.js';
import { defineCollection } from '../../storage/collection.js';
import type { Retention } from './retention.js';

export interface Tenant {
  _id: TenantId;
  name: string;
  createdAt: Date;
  /** Missing where the tenant has set none: then the defaults hold. */
  retention?: Retention;
  /** When it was set last. */
  retentionChangedAt?: Date;
  /** What is hidden in its logs beside what always is. */
  redaction?: RedactionSettings;
}

export const TENANTS = defineCollection<Tenant>({
  name: 'tenants',
  fields: {
    _id: String,
    name: { type: String, required: true },
    createdAt: { type: Date, required: true },
    retention: { type: Object },
    retentionChangedAt: { type: Date },
    redaction: { type: Object },
  },
  indexes: [],
});
