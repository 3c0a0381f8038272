import { createHmac, randomBytes } from 'node:crypto';
import { equalInConstantTime } from './equal-in-constant-time.js';
import { piecesOf, type SignableMessage } from './signature-scheme.js';
import { SigningKeyInvalidError } from './signing-key-invalid.error.js';
import { signedPrefix, type WebhookScheme } from './webhook-scheme.js';

const PREFIX = 'whsec_';
/** Of the 24 to 64 that the specification allows; 256 bits are as many as the digest has. */
const KEY_BYTES = 32;

/** Standard Webhooks, symmetric: HMAC-SHA256 by a shared secret `whsec_<base64>`. */
export const V1_SCHEME: WebhookScheme = {
  newKey: () => {
    const secret = `${PREFIX}${randomBytes(KEY_BYTES).toString('base64')}`;
    return { secret, shared: secret };
  },
  sign,
  verify: (message, key, signature) => equalInConstantTime(signature, sign(message, key)),
};

function sign(message: SignableMessage, secret: string): string {
  const hmac = createHmac('sha256', keyOf(secret)).update(signedPrefix(message));
  for (const piece of piecesOf(message.body)) hmac.update(piece);
  return `v1,${hmac.digest('base64')}`;
}

function keyOf(secret: string): Buffer {
  const key = Buffer.from(secret.replace(PREFIX, ''), 'base64');
  if (key.length === 0) throw new SigningKeyInvalidError(`${PREFIX} and base64`);
  return key;
}
