import { WaybillError } from '../../common/waybill.error.js';

export class SecretKeysMismatchError extends WaybillError {
  readonly code = 'SECRET_KEYS_MISMATCH';
  readonly stage = 'boot';
  readonly remedy =
    'Set WAYBILL_SECRET_KEYS (secretKeys of a host) so that it has every key that is in use, each with the bytes that its id had before; ' +
    'a new key needs an id of its own. If a key is lost, `npm run keys -- discard ID` gives up what it encrypted.';

  /** Faults name keys by their ids, never by their bytes. */
  constructor(faults: readonly string[]) {
    super(`The secret keys of this process do not fit the database: ${faults.join('; ')}`, { details: { faults } });
  }
}
