import type { EventId } from '../common/ids.js';
import { WaybillError } from '../common/waybill.error.js';

export class IdempotencyConflictError extends WaybillError {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  readonly stage = 'emit';
  readonly remedy = 'Use a key of its own for each event; repeat a key only with the very same action and context.';

  constructor(eventId: EventId) {
    super(`The idempotency key was used before for another action or context (event ${eventId})`, {
      details: { eventId },
    });
  }
}
