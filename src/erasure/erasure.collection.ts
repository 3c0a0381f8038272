import type { ErasureId, EventId, TenantId } from '../common/ids.js';
import type { ErasedLogs } from '../logging/erasure/log-erasure.js';
import { defineCollection } from '../storage/collection.js';

/** `logs`: those of the person, with their events. `events`: those that no log has. `payloads`: what others may have too. */
type ErasureStep = 'logs' | 'events' | 'payloads' | 'late logs';

export interface ErasureCounts extends ErasedLogs {
  readonly events: number;
}

/** What removes a person from the logs of a tenant, and how far it has come. */
export interface Erasure {
  _id: ErasureId;
  tenantId: TenantId;
  /** The name of the context field, and its value; the value is gone once there is nothing left to look for. */
  field: string;
  value: string | null;
  /** SHA-256 of tenant, field and value: tells whether somebody was erased, to who knows whom to ask for. */
  subjectHash: string;
  reason: string;
  requestedBy: string;
  requestedAt: Date;
  step: ErasureStep;
  /** The last event that was looked at. */
  eventId: EventId | null;
  /** Payloads that others may have as well. */
  payloadIds: string[];
  /** Groups that failures of the person were in, until nothing is left to look for. */
  failureGroupIds?: string[];
  counts: ErasureCounts;
  /** `null` until everything that was there is erased. */
  finishedAt: Date | null;
  /** When a worker goes on with it; whoever does moves this first. `null` at its end. */
  dueAt: Date | null;
}

export const ERASURES = defineCollection<Erasure>({
  name: 'erasures',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    field: { type: String, required: true },
    value: { type: String, default: null },
    subjectHash: { type: String, required: true },
    reason: { type: String, required: true },
    requestedBy: { type: String, required: true },
    requestedAt: { type: Date, required: true },
    step: { type: String, required: true },
    eventId: { type: String, default: null },
    payloadIds: { type: [String], required: true },
    failureGroupIds: { type: [String] },
    counts: { type: Object, required: true },
    finishedAt: { type: Date, default: null },
    dueAt: { type: Date, default: null },
  },
  indexes: [
    { name: 'due', keys: { dueAt: 1 }, serves: 'erasure: those that a worker has to go on with' },
    { name: 'of_subject', keys: { subjectHash: 1 }, serves: 'log entries that come late: whether somebody was erased' },
  ],
});
