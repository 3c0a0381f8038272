import { WaybillError } from '../../common/waybill.error.js';

export class AuthKindUnknownError extends WaybillError {
  readonly code = 'AUTH_KIND_UNKNOWN';
  readonly stage = 'auth';
  readonly remedy =
    'Upgrade this process to the version that the integration was saved with, or save it with another kind.';

  constructor(kind: string) {
    super(`The authentication kind "${kind}" is not known to this version`);
  }
}
