import { WaybillError } from '../common/waybill.error.js';

export class UnknownActionError extends WaybillError {
  readonly code = 'ACTION_UNKNOWN';
  readonly stage = 'emit';
  readonly remedy =
    'Use an action that GET /v1/actions lists, declare it with defineAction and forFeature, or register it with POST /v1/actions.';

  constructor(reference: number | string) {
    super(`There is no action ${typeof reference === 'number' ? reference : `"${reference}"`}`, {
      details: { action: reference },
    });
  }
}
