import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Model } from 'mongoose';
import { newSecretId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import { SecretCipher } from './secret-cipher.js';
import { SecretMissingError } from './secret-missing.error.js';
import { placeOf, type SecretOwner } from './secret-place.js';
import { SECRETS, type StoredSecret } from './secret.collection.js';

/**
 * Ciphertexts kept in memory. The value under an id never changes, so what is cached is never stale: a rotation encrypts it
 * anew, and this process keeps the key of the ciphertext that it has.
 */
const CACHED_SECRETS = 10_000;

/**
 * Secrets by id. A secret is written once and never changed: a new value is a new id, so that a version of an
 * integration always means the secret it was saved with. Only ciphertext is stored or kept in memory.
 */
@Injectable()
export class SecretVault {
  private readonly secrets: Model<StoredSecret>;
  private readonly cache = new LRUCache<string, StoredSecret>({ max: CACHED_SECRETS });

  constructor(
    database: Database,
    private readonly cipher: SecretCipher,
  ) {
    this.secrets = database.model(SECRETS);
  }

  /** Encrypts and stores a value; answers with the id that refers to it. */
  async store(owner: SecretOwner, value: string): Promise<string> {
    const _id = newSecretId();
    const sealed = this.cipher.encrypt(value, placeOf(owner, _id));
    await this.secrets.create({ _id, tenantId: owner, ...sealed, createdAt: new Date() });
    return _id;
  }

  /** @throws SecretMissingError, or the cipher's error naming the key id it lacks. */
  async reveal(owner: SecretOwner, id: string): Promise<string> {
    const stored =
      this.cache.get(id) ?? (await this.secrets.findOne({ _id: id, tenantId: owner }).lean<StoredSecret>());
    if (!stored || stored.tenantId !== owner) throw new SecretMissingError(id);
    const value = this.cipher.decrypt(stored, placeOf(owner, id));
    // After it was read: a ciphertext whose key this process lacks may be another one soon.
    this.cache.set(id, stored);
    return value;
  }

  /** For a secret whose owner was refused after it was stored: nothing may refer to it. */
  async forget(owner: SecretOwner, id: string): Promise<void> {
    await this.secrets.deleteOne({ _id: id, tenantId: owner });
    this.cache.delete(id);
  }
}
