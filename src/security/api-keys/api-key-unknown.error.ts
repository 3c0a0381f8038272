import { WaybillError } from '../../common/waybill.error.js';

export class ApiKeyUnknownError extends WaybillError {
  readonly code = 'API_KEY_UNKNOWN';
  readonly stage = 'request';
  readonly remedy = 'Take an id from `npm run keys -- list`: of a key wbk_<id>_<secret> it is the middle part.';

  /** The id may be a whole key that was pasted by mistake: it is not quoted. */
  constructor() {
    super('There is no API key of this id');
  }
}
