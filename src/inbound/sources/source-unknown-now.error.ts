import { WaybillError } from '../../common/waybill.error.js';

/** Nobody can say whether there is something at an address: that is not the same as that there is nothing. */
export class SourceUnknownNowError extends WaybillError {
  readonly code = 'DATABASE_UNREACHABLE';
  readonly stage = 'request';
  readonly remedy = 'Send it again later.';

  constructor(cause: unknown) {
    super('Webhooks at this address cannot be taken at the moment', { cause });
  }
}
