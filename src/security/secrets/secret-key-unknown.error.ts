import { WaybillError } from '../../common/waybill.error.js';

export class SecretKeyUnknownError extends WaybillError {
  readonly code = 'SECRET_KEY_UNKNOWN';
  readonly stage = 'config';
  readonly remedy = 'Add the key with this id back to the secretKeys setting of every process; it may stand last.';

  constructor(keyId: string) {
    super(`A secret was encrypted with the key "${keyId}", which is not among the keys of this process`, {
      details: { keyId },
    });
  }
}
