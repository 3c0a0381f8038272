import { WaybillError } from '../common/waybill.error.js';

export class EventNotRecordedError extends WaybillError {
  readonly code = 'EVENT_NOT_RECORDED';
  readonly stage = 'emit';
  readonly remedy =
    'Emit again with the same idempotency key once MongoDB is back; what was recorded is not recorded twice.';

  constructor(cause: unknown) {
    super(`The event could not be recorded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
