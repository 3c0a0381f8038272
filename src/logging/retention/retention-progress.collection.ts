import type { LogId, TenantId } from '../../common/ids.js';
import { defineCollection } from '../../storage/collection.js';

/** How far what is past its time has been removed, of one tenant. */
export interface RetentionProgress {
  _id: TenantId;
  /** When a process looks at it again; whoever looks moves this first. */
  nextAt: Date;
  /** Bodies of logs that were created before are removed, but for those that were late. */
  bodiesUntil: Date;
  /** A walk from `to` back to `bodiesUntil`, and the last log that it has come to. */
  walk: { to: Date; createdAt: Date; id: LogId } | null;
  /** The days that the stored payloads are kept by; `null` before the first look. */
  payloadDays: number | null;
}

export const RETENTION_PROGRESS = defineCollection<RetentionProgress>({
  name: 'retention_progress',
  fields: {
    _id: String,
    nextAt: { type: Date, required: true },
    bodiesUntil: { type: Date, required: true },
    walk: { type: Object, default: null },
    payloadDays: { type: Number, default: null },
  },
  indexes: [],
});
