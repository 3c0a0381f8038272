import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { piecesOf, type SignableMessage } from './signature-scheme.js';
import { SigningKeyInvalidError } from './signing-key-invalid.error.js';
import { signedPrefix, type WebhookScheme } from './webhook-scheme.js';

const SECRET_PREFIX = 'whsk_';
const PUBLIC_PREFIX = 'whpk_';
const SIGNATURE_PREFIX = 'v1a,';
const HALF_BYTES = 32;

/**
 * Standard Webhooks, asymmetric: Ed25519 (RFC 8032). The receiver gets the public key `whpk_<base64 of 32 bytes>`; the
 * secret is `whsk_<base64 of seed and public key, 32 bytes each>`.
 */
export const V1A_SCHEME: WebhookScheme = {
  newKey: () => {
    const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const [seed, publicKey] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
    return {
      secret: `${SECRET_PREFIX}${Buffer.concat([seed, publicKey]).toString('base64')}`,
      shared: `${PUBLIC_PREFIX}${publicKey.toString('base64')}`,
    };
  },
  sign: (message, secret) => {
    const halves = bytesOf(secret, SECRET_PREFIX, 2 * HALF_BYTES);
    const d = halves.subarray(0, HALF_BYTES).toString('base64url');
    const x = halves.subarray(HALF_BYTES).toString('base64url');
    const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' });
    return `${SIGNATURE_PREFIX}${sign(null, signedBytes(message), key).toString('base64')}`;
  },
  verify: (message, publicKey, signature) => {
    if (!signature.startsWith(SIGNATURE_PREFIX)) return false;
    const x = bytesOf(publicKey, PUBLIC_PREFIX, HALF_BYTES).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const bytes = Buffer.from(signature.slice(SIGNATURE_PREFIX.length), 'base64');
    return verify(null, signedBytes(message), key, bytes);
  },
};

const signedBytes = (message: SignableMessage) =>
  Buffer.concat([signedPrefix(message), ...piecesOf(message.body)].map((piece) => Buffer.from(piece)));

function bytesOf(key: string, prefix: string, length: number): Buffer {
  const bytes = Buffer.from(key.slice(prefix.length), 'base64');
  if (!key.startsWith(prefix) || bytes.length !== length)
    throw new SigningKeyInvalidError(`${prefix} and the base64 of ${length} bytes`);
  return bytes;
}
