import type { mongo } from 'mongoose';
import type { LogId, TenantId } from '../../common/ids.js';
import { defineCollection } from '../../storage/collection.js';

/** The text of a body that is too long to stand in its log: once for all logs of its tenant that have it. */
export interface Payload {
  /** The tenant and the SHA-256 of the text as it is kept: no tenant can find out by it what another one stores. */
  _id: string;
  tenantId: TenantId;
  /** The first log that had it, and whether another one has it too. */
  logId: LogId;
  shared: boolean;
  /** Of the text. */
  sizeBytes: number;
  /** Compressed by gzip; `null` where it is a file in GridFS. */
  gzip: mongo.Binary | null;
  fileId: mongo.ObjectId | null;
  /** The day on which it was last used. */
  usedAt: Date;
  expiresAt: Date;
}

export const PAYLOADS = defineCollection<Payload>({
  name: 'payloads',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    logId: { type: String, required: true },
    shared: { type: Boolean, required: true },
    sizeBytes: { type: Number, required: true },
    gzip: { type: Buffer, default: null },
    fileId: { type: Object, default: null },
    usedAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
  },
  indexes: [
    {
      name: 'expiry',
      keys: { expiresAt: 1 },
      options: { expireAfterSeconds: 0 },
      serves: 'retention: the database deletes payloads whose last user is past its time',
    },
  ],
});
