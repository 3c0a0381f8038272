import { describeFaults, type FieldFault } from '../../common/field-fault.js';
import { WaybillError } from '../../common/waybill.error.js';

export class SourceInvalidError extends WaybillError {
  readonly code = 'SOURCE_INVALID';
  readonly stage = 'request';
  readonly remedy = 'Correct the fields that are named; nothing was saved.';

  constructor(faults: readonly FieldFault[]) {
    super(`The source is not valid: ${describeFaults(faults)}`, { details: { faults } });
  }
}
