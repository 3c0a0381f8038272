import { WaybillError } from '../common/waybill.error.js';

export class CallbackRefusedError extends WaybillError {
  readonly code = 'STATUS_CALLBACK_REFUSED';
  readonly stage = 'callback';
  readonly remedy =
    'Have the receiver answer 2xx once it has the update; Waybill tells it again by itself for about a day.';

  constructor(
    status: number,
    /** How long it asked not to be called, in milliseconds. */
    readonly waitMs: number,
  ) {
    super(`The callback URL answered ${status}`, { details: { status } });
  }
}
