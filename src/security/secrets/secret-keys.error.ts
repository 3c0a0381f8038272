import { WaybillError } from '../../common/waybill.error.js';

export class SecretKeysError extends WaybillError {
  readonly code = 'SECRET_KEYS_INVALID';
  readonly stage = 'boot';
  readonly remedy = 'Write secretKeys as id:base64 pairs separated by commas; `openssl rand -base64 32` makes a key.';

  constructor(faults: readonly string[]) {
    super(`The secretKeys setting cannot be used: ${faults.join('; ')}`, { details: { faults } });
  }
}
