import { describeFaults, type FieldFault } from '../common/field-fault.js';
import { WaybillError } from '../common/waybill.error.js';

export class RequestInvalidError extends WaybillError {
  readonly code = 'REQUEST_INVALID';
  readonly stage = 'request';
  readonly remedy = 'Correct the fields that are named; /docs describes the request.';

  constructor(faults: readonly FieldFault[]) {
    super(`The request is not valid: ${describeFaults(faults)}`, { details: { faults } });
  }
}
