import { describeFaults, type FieldFault } from '../common/field-fault.js';
import { WaybillError } from '../common/waybill.error.js';

export class ContextInvalidError extends WaybillError {
  readonly code = 'CONTEXT_INVALID';
  readonly stage = 'emit';
  readonly remedy =
    'Send the fields that the action declares, with their types, and no others; nothing was recorded or queued.';

  constructor(action: { id: number; name: string }, faults: readonly FieldFault[]) {
    super(`The context of action ${action.id} (${action.name}) is not valid: ${describeFaults(faults)}`, {
      details: { faults },
    });
  }
}
