import type { LogState } from '../../logging/log-walk.js';
import { whyNoMore } from '../../logging/received/webhook-logs.js';
import type { RetryBatch, RetryBatchItem } from './retry-batch.js';
import type { ItemChange } from './retry-batch.store.js';

/** Why there is nothing to do for a log of a batch any more; `null` where there is. */
export function obstacleOf({ failedBefore, replays }: RetryBatch, log: LogState | undefined): string | null {
  if (!log) return 'the log is gone';
  if (log.erasedAt) return 'the person whom it was about was erased';
  if (log.status !== (replays ? 'SUCCESS' : 'FAIL')) return `it is ${log.status}`;
  if (replays) return whyNoMore(log);
  if (log.resolution) return `it was resolved by ${log.resolution.by}`;
  return log.completedAt && log.completedAt > failedBefore ? 'it has FAILed again since the preview' : null;
}

/** The log whose end is that of the item. */
export const workedOnLogOf = ({ logId, replayLogId }: RetryBatchItem) => replayLogId ?? logId;

/** What has become of an item that was queued; nothing while its work goes on. */
export function endOf({ _id, fromAttempt, replayLogId }: RetryBatchItem, log: LogState | undefined): ItemChange[] {
  // A worker that died between the two writes has made no replay, or has not put the log back to QUEUED.
  const isUndone = replayLogId ? !log : log?.attemptCount === fromAttempt && log?.status === 'FAIL';
  if (isUndone) return [{ _id, outcome: 'waiting', why: null }];
  if (!log) return [{ _id, outcome: 'skipped', why: 'the log is gone' }];
  const { status, errorCode, errorMessage } = log;
  if (status === 'QUEUED') return [];
  if (status === 'SUCCESS') return [{ _id, outcome: 'succeeded', why: null }];
  return [{ _id, outcome: 'failed', why: `${errorCode ?? 'FAIL'}: ${errorMessage ?? ''}` }];
}
