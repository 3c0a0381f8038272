import { WaybillError } from '../../common/waybill.error.js';

export class KeySetAwayError extends WaybillError {
  readonly code = 'KEY_SET_AWAY';
  readonly stage = 'auth';
  readonly remedy = 'Check that keySetUrl answers with a JSON Web Key Set, and that Waybill may call it.';

  constructor(host: string, why: unknown) {
    const said = why instanceof Error ? why.message : String(why);
    super(`The key set of ${host} could not be had: ${said}`, { details: { host }, cause: why });
  }
}
