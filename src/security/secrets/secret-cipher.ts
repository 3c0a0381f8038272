import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { SecretKeysError } from './secret-keys.error.js';
import type { SecretKey } from './secret-keys.js';
import { SecretKeyUnknownError } from './secret-key-unknown.error.js';
import { SecretUnreadableError } from './secret-unreadable.error.js';

export { parseSecretKeys, type SecretKey } from './secret-keys.js';

/** A secret as it is stored; all but the key's id in base64. */
export interface SealedSecret {
  readonly keyId: string;
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
}

const ALGORITHM = 'aes-256-gcm';
/** 96 random bits, as NIST SP 800-38D wants them: safe for 2^32 secrets under one key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM under a ring of keys: the first encrypts, each decrypts what it encrypted. The additional data ties a secret
 * to its place: with other additional data it cannot be read.
 */
export class SecretCipher {
  private readonly keys: ReadonlyMap<string, KeyObject>;
  /** The key that encrypts. */
  readonly activeKeyId: string;

  /** @throws SecretKeysError where there is no key or one has not 32 bytes. */
  constructor(keys: readonly SecretKey[]) {
    const [active] = keys;
    const wrong = keys.filter(({ key }) => key.length !== 32).map(({ id }) => `the key "${id}" has not 32 bytes`);
    if (active === undefined || wrong.length > 0) throw new SecretKeysError(active ? wrong : ['there is no key']);
    this.keys = new Map(keys.map(({ id, key }) => [id, createSecretKey(key)]));
    this.activeKeyId = active.id;
  }

  get keyIds(): readonly string[] {
    return [...this.keys.keys()];
  }

  encrypt(plaintext: string, additionalData: string, keyId = this.activeKeyId): SealedSecret {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.keyOf(keyId), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(additionalData));
    const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return {
      keyId,
      iv: iv.toString('base64'),
      ciphertext: ciphertext.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
    };
  }

  /** @throws SecretKeyUnknownError, SecretUnreadableError; both name the key's id. */
  decrypt({ keyId, iv, ciphertext, tag }: SealedSecret, additionalData: string): string {
    const key = this.keyOf(keyId);
    try {
      const decipher = createDecipheriv(ALGORITHM, key, strictBase64(iv, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(additionalData));
      decipher.setAuthTag(strictBase64(tag, TAG_BYTES));
      return Buffer.concat([decipher.update(strictBase64(ciphertext)), decipher.final()]).toString('utf8');
    } catch {
      throw new SecretUnreadableError(keyId);
    }
  }

  private keyOf(keyId: string): KeyObject {
    const key = this.keys.get(keyId);
    if (key === undefined) throw new SecretKeyUnknownError(keyId);
    return key;
  }
}

function strictBase64(text: string, bytes?: number): Buffer {
  const decoded = Buffer.from(text, 'base64');
  if (decoded.toString('base64') !== text || (bytes !== undefined && decoded.length !== bytes))
    throw new Error('not base64');
  return decoded;
}
