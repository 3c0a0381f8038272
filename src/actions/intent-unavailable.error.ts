import { WaybillError } from '../common/waybill.error.js';

/** The host could not answer: its store or its intent URL was down. Worth another try. */
export class IntentUnavailableError extends WaybillError {
  readonly code = 'INTENT_UNAVAILABLE';
  readonly stage = 'intent';
  readonly remedy = "Waybill tries again by itself; if it goes on, look at the host's own store or intent URL.";

  constructor(actionName: string, cause: unknown) {
    super(
      `The data of "${actionName}" could not be rebuilt: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
