import type { LogId } from '../common/ids.js';
import { WaybillError } from '../common/waybill.error.js';

export class AsSentRefusedError extends WaybillError {
  readonly code = 'AS_SENT_REFUSED';
  readonly stage = 'retry';
  readonly remedy = 'Retry it without asSent: the body is built from the record as it is now.';

  constructor(logId: LogId, why: string) {
    super(`Log ${logId} cannot be sent again as it was: ${why}`, { details: { logId } });
  }
}
