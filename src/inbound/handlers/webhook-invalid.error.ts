import { describeFaults, type FieldFault } from '../../common/field-fault.js';
import { WaybillError } from '../../common/waybill.error.js';

/** A webhook whose body is not what its handler takes. It names fields and kinds, never values. */
export class WebhookInvalidError extends WaybillError {
  readonly code = 'WEBHOOK_INVALID';
  readonly stage = 'request';
  readonly remedy = 'Correct the fields that are named, and send it again.';

  constructor(readonly faults: readonly FieldFault[]) {
    super(`The webhook is not valid: ${describeFaults(faults)}`, { details: { faults } });
  }
}
