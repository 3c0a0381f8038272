import { WaybillError } from '../common/waybill.error.js';
import type { IntegrationLog } from '../logging/integration-log.js';

export class RetryRunningError extends WaybillError {
  readonly code = 'RETRY_RUNNING';
  readonly stage = 'retry';
  readonly remedy = 'Wait for it to end: the log then says SUCCESS, or FAIL with the reason.';

  constructor(log: IntegrationLog) {
    const { _id, attemptCount } = log;
    super(`Log ${_id} is being delivered already: try ${attemptCount + 1} ${sinceOf(log)}`, {
      details: { logId: _id },
    });
  }
}

function sinceOf({ resolution, attemptCount, nextAttemptAt }: IntegrationLog): string {
  const due = nextAttemptAt ? `due ${nextAttemptAt.toISOString()}` : 'waiting for another delivery to end';
  if (resolution?.kind === 'retried')
    return `is ${due}; ${resolution.by} retried it at ${resolution.at.toISOString()} (${resolution.note})`;
  return attemptCount === 0 ? `is ${due}, the first one` : `is ${due}, by itself`;
}
