import { WaybillError } from '../../common/waybill.error.js';

export class SigningKeyInvalidError extends WaybillError {
  readonly code = 'SIGNING_KEY_INVALID';
  readonly stage = 'auth';
  readonly remedy = 'Rotate the signing secret, give the receiver the new one, then retry the log.';

  /** `expected` describes the form of a key, such as `whsec_ and base64`. */
  constructor(expected: string) {
    super(`A signing key cannot be used: it must be ${expected} (received: something else)`, { details: { expected } });
  }
}
