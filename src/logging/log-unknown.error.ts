import type { LogId } from '../common/ids.js';
import { WaybillError } from '../common/waybill.error.js';

export class LogUnknownError extends WaybillError {
  readonly code = 'LOG_UNKNOWN';
  readonly stage = 'request';
  readonly remedy = 'Use a log that GET /v1/logs lists for this tenant.';

  constructor(id: LogId) {
    super(`There is no log ${id}`, { details: { logId: id } });
  }
}
