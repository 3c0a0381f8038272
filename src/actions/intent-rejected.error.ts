import { WaybillError } from '../common/waybill.error.js';

/** Thrown by an intent whose records cannot be sent as they are: the delivery FAILs until a person corrects them. */
export class IntentRejectedError extends WaybillError {
  readonly code = 'INTENT_REJECTED';
  readonly stage = 'intent';
  readonly remedy = 'Correct the record, then retry the log; the retry sends the corrected record.';
}
