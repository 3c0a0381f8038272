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

/** Bytes as they are stored. */
export interface SealedBytes {
  readonly keyId: string;
  readonly iv: Buffer;
  readonly data: Buffer;
  readonly tag: Buffer;
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
    const { iv, data, tag } = this.seal(Buffer.from(plaintext, 'utf8'), additionalData, keyId);
    return { keyId, iv: iv.toString('base64'), ciphertext: data.toString('base64'), tag: tag.toString('base64') };
  }

  /** @throws SecretKeyUnknownError, SecretUnreadableError; both name the key's id. */
  decrypt({ keyId, iv, ciphertext, tag }: SealedSecret, additionalData: string): string {
    const [ivBytes, data, tagBytes] = [iv, ciphertext, tag].map(strictBase64);
    this.keyOf(keyId);
    if (!ivBytes || !data || !tagBytes) throw new SecretUnreadableError(keyId);
    return this.open({ keyId, iv: ivBytes, data, tag: tagBytes }, additionalData).toString('utf8');
  }

  /** As `encrypt`, for bytes. */
  seal(plaintext: Buffer, additionalData: string, keyId = this.activeKeyId): SealedBytes {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.keyOf(keyId), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(additionalData));
    const data = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return { keyId, iv, data, tag: cipher.getAuthTag() };
  }

  /** @throws SecretKeyUnknownError, SecretUnreadableError; both name the key's id. */
  open({ keyId, iv, data, tag }: SealedBytes, additionalData: string): Buffer {
    const key = this.keyOf(keyId);
    try {
      if (iv.length !== IV_BYTES || tag.length !== TAG_BYTES) throw new Error('not of the right length');
      const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(additionalData));
      decipher.setAuthTag(tag);
      return Buffer.concat([decipher.update(data), decipher.final()]);
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

/** `null` where the text is no base64, or not in the one way to write it. */
function strictBase64(text: string): Buffer | null {
  const decoded = Buffer.from(text, 'base64');
  return decoded.toString('base64') === text ? decoded : null;
}
