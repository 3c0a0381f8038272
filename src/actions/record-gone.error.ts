import { WaybillError } from '../common/waybill.error.js';

export class RecordGoneError extends WaybillError {
  readonly code = 'RECORD_GONE';
  readonly stage = 'intent';
  readonly remedy = 'Nothing was sent. Restore the record and retry the log, or resolve it with a note.';

  constructor(actionName: string) {
    super(`The record that this "${actionName}" is about no longer exists`);
  }
}
