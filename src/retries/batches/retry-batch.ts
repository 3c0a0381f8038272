import type { ErrorClass } from '../../common/error-class.js';
import type { IntegrationId, LogId, RetryBatchId, TenantId } from '../../common/ids.js';

export const BATCH_STATES = ['running', 'paused', 'cancelled', 'done'] as const;
/** `cancelled` and `done` are ends; what had been queued before a cancellation still ends by itself. */
export type BatchState = (typeof BATCH_STATES)[number];

export const BATCH_OUTCOMES = ['waiting', 'queued', 'succeeded', 'failed', 'skipped', 'cancelled'] as const;
/** `queued`: its retry has not ended. `failed`: it FAILed again. `skipped`: there was nothing to retry any more. */
export type BatchOutcome = (typeof BATCH_OUTCOMES)[number];

/**
 * Which logs: those that a search finds (its parameters as JSON), those that were named, or those of a schedule. `erased`: the
 * search named somebody who was erased since.
 */
export type BatchSelection =
  | { readonly kind: 'filter'; readonly filterJson: string }
  | { readonly kind: 'ids'; readonly logIds: LogId[] }
  | { readonly kind: 'schedule'; readonly integrationId: IntegrationId; readonly classes: ErrorClass[] }
  | { readonly kind: 'erased' };

/** Retries of many logs that a person, or a schedule, asked for together; or replays of many webhooks. */
export interface RetryBatch {
  _id: RetryBatchId;
  tenantId: TenantId;
  state: BatchState;
  /** Missing once nothing is left to do for it. */
  open?: true;
  selection: BatchSelection;
  /** It replays webhooks that SUCCEEDed; missing where it retries what FAILed. */
  replays?: true;
  /** Logs that FAILed, or SUCCEEDed, later are not part of it. */
  failedBefore: Date;
  /** Logs that are part of it at the most; the oldest. */
  limit: number;
  /** All of its logs stand in `retry_batch_items`. */
  collected: boolean;
  /** Of its logs, once they are collected. */
  integrationIds: IntegrationId[];
  reason: string;
  requestedBy: string;
  ratePerSecond: number;
  createdAt: Date;
  updatedAt: Date;
  finishedAt: Date | null;
  /** The process that works on it, until then. */
  leasedBy: string | null;
  leasedUntil: Date;
}

/** One log of a batch. */
export interface RetryBatchItem {
  /** `<batch>-<time of the log, in ms, 13 digits>-<log>`: in the order of the logs' age. */
  _id: string;
  batchId: RetryBatchId;
  tenantId: TenantId;
  logId: LogId;
  integrationId: IntegrationId;
  outcome: BatchOutcome;
  /** The log's tries before the retry; `null` before it. */
  fromAttempt: number | null;
  /** The log of its replay; missing before it, and in batches that replay nothing. */
  replayLogId?: LogId;
  /** The error of one that FAILed again, or the reason of one that was skipped. */
  why: string | null;
  updatedAt: Date;
}
