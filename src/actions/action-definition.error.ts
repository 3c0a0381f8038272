import { WaybillError } from '../common/waybill.error.js';

export class ActionDefinitionError extends WaybillError {
  readonly code = 'ACTION_DEFINITION_INVALID';
  readonly stage = 'boot';
  readonly remedy = 'Correct the call of defineAction that is named.';
}
