import { WaybillError } from '../common/waybill.error.js';

export class SearchTooSlowError extends WaybillError {
  readonly code = 'SEARCH_TOO_SLOW';
  readonly stage = 'request';
  readonly remedy =
    'Narrow it: name a context id, a vendor reference, an integration or an error, or a shorter time by from and to.';

  constructor(timeoutMs: number, cause: unknown) {
    super(`The search was stopped after ${timeoutMs} ms, because it has too many logs to look at`, { cause });
  }
}
