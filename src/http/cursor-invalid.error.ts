import { WaybillError } from '../common/waybill.error.js';

export class CursorInvalidError extends WaybillError {
  readonly code = 'CURSOR_INVALID';
  readonly stage = 'request';
  readonly remedy = 'Send the nextCursor of the page before, unchanged, or no cursor for the first page.';

  constructor() {
    super('The cursor was not made by this list', {
      details: { faults: [{ field: 'cursor', expected: 'must be the nextCursor of a page', received: 'string' }] },
    });
  }
}
