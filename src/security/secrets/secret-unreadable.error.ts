import { WaybillError } from '../../common/waybill.error.js';

export class SecretUnreadableError extends WaybillError {
  readonly code = 'SECRET_UNREADABLE';
  readonly stage = 'config';
  readonly remedy =
    'Check that the key with this id is the one it was encrypted with; otherwise enter the secret anew.';

  constructor(keyId: string) {
    super(
      `A secret cannot be decrypted with the key "${keyId}": the key differs, or the secret was changed or moved in the database`,
      { details: { keyId } },
    );
  }
}
