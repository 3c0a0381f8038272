import { WaybillError } from '../common/waybill.error.js';
import type { IntegrationLog } from '../logging/integration-log.js';

export class NotRetryableError extends WaybillError {
  readonly code = 'LOG_NOT_RETRYABLE';
  readonly stage = 'retry';
  readonly remedy = 'Read the log again: its status and its tries say what has happened to it.';

  constructor({ _id, status }: IntegrationLog, why: string) {
    super(`Log ${_id} cannot be retried: ${why}`, { details: { logId: _id, status } });
  }
}
