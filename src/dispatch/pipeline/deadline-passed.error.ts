import { WaybillError } from '../../common/waybill.error.js';

export class DeadlinePassedError extends WaybillError {
  readonly code = 'DEADLINE_PASSED';
  readonly stage = 'retry';
  readonly remedy =
    "Nothing is sent after it. Raise the integration's retryPolicy.deadlineMs and retry the log to send it all the same.";

  constructor(deadlineAt: Date, before = '') {
    super(`The deadline of this delivery, ${deadlineAt.toISOString()}, has passed${before}`, {
      details: { deadlineAt: deadlineAt.toISOString() },
    });
  }
}
