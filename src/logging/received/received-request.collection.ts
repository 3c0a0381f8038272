import { mongo } from 'mongoose';
import type { LogId, TenantId } from '../../common/ids.js';
import type { SealedBytes } from '../../security/secrets/secret-cipher.js';
import { defineCollection } from '../../storage/collection.js';

/** A part of a request that is worked on from what was stored of it, or what it was answered: all of it, encrypted. */
export interface ReceivedPart {
  /** `<log id>-<number of the part>`. */
  _id: string;
  logId: LogId;
  tenantId: TenantId;
  /** Of the request from 0; {@link ANSWER_PART}. */
  part: number;
  parts: number;
  /** Which key encrypted it. */
  keyId: string;
  iv: Buffer;
  tag: Buffer;
  data: Buffer;
  receivedAt: Date;
  expiresAt: Date;
}

export const ANSWER_PART = -1;

/** No part can stand in another's place. */
export const placeOfPart = ({ logId, part }: Pick<ReceivedPart, 'logId' | 'part'>) =>
  `received-request|${logId}|${part}`;

export const bytesOfPart = ({ keyId, iv, tag, data }: ReceivedPart): SealedBytes => ({
  keyId,
  iv: bufferOf(iv),
  tag: bufferOf(tag),
  data: bufferOf(data),
});

/** The driver answers with its own type for bytes. */
const bufferOf = (value: Buffer | mongo.Binary): Buffer =>
  value instanceof mongo.Binary ? Buffer.from(value.buffer) : value;

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
    receivedAt: { type: Date, required: true },
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
