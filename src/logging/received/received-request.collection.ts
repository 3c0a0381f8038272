import type { LogId, TenantId } from '../../common/ids.js';
import { defineCollection } from '../../storage/collection.js';

/** A part of a request that is worked on from what was stored of it: all of it, encrypted. */
export interface ReceivedPart {
  /** `<log id>-<number of the part, from 0>`. */
  _id: string;
  logId: LogId;
  tenantId: TenantId;
  part: number;
  parts: number;
  /** Which key encrypted it. */
  keyId: string;
  iv: Buffer;
  tag: Buffer;
  data: Buffer;
  expiresAt: Date;
}

export const RECEIVED_REQUESTS = defineCollection<ReceivedPart>({
  name: 'received_requests',
  fields: {
    _id: String,
    logId: { type: String, required: true },
    tenantId: { type: String, required: true },
    part: { type: Number, required: true },
    parts: { type: Number, required: true },
    keyId: { type: String, required: true },
    iv: { type: Buffer, required: true },
    tag: { type: Buffer, required: true },
    data: { type: Buffer, required: true },
    expiresAt: { type: Date, required: true },
  },
  indexes: [
    { name: 'by_log', keys: { logId: 1, part: 1 }, serves: 'read a request with its parts in order' },
    {
      name: 'expired',
      keys: { expiresAt: 1 },
      options: { expireAfterSeconds: 0 },
      serves: 'expiry: requests that are kept no longer',
    },
  ],
});
