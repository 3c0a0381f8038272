import { WaybillError } from '../../common/waybill.error.js';

export class RequestExpiredError extends WaybillError {
  readonly code = 'REQUEST_EXPIRED';
  readonly stage = 'retry';
  readonly remedy = 'Ask the vendor to send it again; how long requests are kept is in the retention of the tenant.';

  constructor(logId: string) {
    super(`The request of log ${logId} is kept no longer`, { details: { logId } });
  }
}
