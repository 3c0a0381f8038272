import type { TenantId } from '../../common/ids.js';
import { defineCollection } from '../../storage/collection.js';

export interface ApiKey {
  _id: string;
  /** `null`: a key of the platform, which may act for every tenant. */
  tenantId: TenantId | null;
  name: string;
  /** SHA-256 of the key's secret part, in hex. The secret has 256 random bits, so a slow hash would add nothing. */
  secretHash: string;
  createdAt: Date;
  revokedAt: Date | null;
}

export const API_KEYS = defineCollection<ApiKey>({
  name: 'api_keys',
  fields: {
    _id: String,
    tenantId: { type: String, default: null },
    name: { type: String, required: true },
    secretHash: { type: String, required: true },
    createdAt: { type: Date, required: true },
    revokedAt: { type: Date, default: null },
  },
  indexes: [],
});
