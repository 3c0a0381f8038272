import type { EventId } from '../common/ids.js';
import { WaybillError } from '../common/waybill.error.js';

export class EventUnknownError extends WaybillError {
  readonly code = 'EVENT_UNKNOWN';
  readonly stage = 'request';
  readonly remedy = 'Use an eventId that POST /v1/events answered with for this tenant.';

  constructor(id: EventId) {
    super(`There is no event ${id}`, { details: { eventId: id } });
  }
}
