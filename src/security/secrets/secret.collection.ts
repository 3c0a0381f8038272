import type { TenantId } from '../../common/ids.js';
import { defineCollection } from '../../storage/collection.js';

/** `tenantId` of a secret that belongs to the platform, such as the signing secret of an action registered by API. */
export const PLATFORM = '(platform)';

export interface StoredSecret {
  _id: string;
  tenantId: TenantId | typeof PLATFORM;
  /** Which key of the ring it is encrypted with. */
  keyId: string;
  iv: string;
  tag: string;
  ciphertext: string;
  createdAt: Date;
}

export const SECRETS = defineCollection<StoredSecret>({
  name: 'secrets',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    keyId: { type: String, required: true },
    iv: { type: String, required: true },
    tag: { type: String, required: true },
    ciphertext: { type: String, required: true },
    createdAt: { type: Date, required: true },
  },
  indexes: [{ name: 'by_key', keys: { keyId: 1 }, serves: 'which keys are in use, at the start and after a rotation' }],
});
