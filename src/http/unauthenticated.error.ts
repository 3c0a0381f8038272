import { WaybillError } from '../common/waybill.error.js';

export class UnauthenticatedError extends WaybillError {
  readonly code = 'UNAUTHENTICATED';
  readonly stage = 'request';
  readonly remedy = 'Send a valid key as "Authorization: Bearer wbk_..."; `npm run keys -- create` makes one.';

  constructor(why: 'missing' | 'refused') {
    super(why === 'missing' ? 'The request carries no API key' : 'The API key is malformed, unknown or revoked');
  }
}
