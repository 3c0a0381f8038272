import { WaybillError } from '../../common/waybill.error.js';

/** An endpoint's URL that Waybill would never call. The URL itself, which may hold a secret, is not quoted. */
export class UrlRefusedError extends WaybillError {
  readonly stage = 'request';

  constructor(
    readonly code: 'URL_INVALID' | 'ADDRESS_REFUSED',
    message: string,
    readonly remedy: string,
    readonly field = 'url',
  ) {
    super(message, { details: { field } });
  }
}
