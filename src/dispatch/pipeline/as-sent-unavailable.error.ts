import { WaybillError } from '../../common/waybill.error.js';

export class AsSentUnavailableError extends WaybillError {
  readonly code = 'AS_SENT_UNAVAILABLE';
  readonly stage = 'intent';
  readonly remedy = 'Nothing was sent. Retry the log without asSent: the body is built from the record as it is now.';

  constructor(why: string) {
    super(`The body of the last try cannot be sent again: ${why}`);
  }
}
