import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Model } from 'mongoose';
import { newSecretId, type TenantId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import { SecretCipher } from './secret-cipher.js';
import { SecretMissingError } from './secret-missing.error.js';
import { PLATFORM, SECRETS, type StoredSecret } from './secret.collection.js';

export type SecretOwner = TenantId | typeof PLATFORM;

/** Ciphertexts kept in memory; a secret is never changed under its id, so what is cached is never stale. */
const CACHED_SECRETS = 10_000;

/**
 * Secrets by id. A secret is written once and never changed: a new value is a new id, so that a version of an
 * integration always means the secret it was saved with. Only ciphertext is stored or kept in memory.
 */
@Injectable()
export class SecretVault implements OnModuleInit {
  private readonly secrets: Model<StoredSecret>;
  private readonly cache = new LRUCache<string, StoredSecret>({ max: CACHED_SECRETS });

  constructor(
    private readonly database: Database,
    private readonly cipher: SecretCipher,
  ) {
    this.secrets = database.model(SECRETS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(SECRETS);
  }

  /** Encrypts and stores a value; answers with the id that refers to it. */
  async store(owner: SecretOwner, value: string): Promise<string> {
    const _id = newSecretId();
    const sealed = this.cipher.encrypt(value, additionalData(owner, _id));
    await this.secrets.create({ _id, tenantId: owner, ...sealed, createdAt: new Date() });
    return _id;
  }

  /** @throws SecretMissingError, or the cipher's error naming the key id it lacks. */
  async reveal(owner: SecretOwner, id: string): Promise<string> {
    const stored =
      this.cache.get(id) ?? (await this.secrets.findOne({ _id: id, tenantId: owner }).lean<StoredSecret>());
    if (!stored || stored.tenantId !== owner) throw new SecretMissingError(id);
    this.cache.set(id, stored);
    return this.cipher.decrypt(stored, additionalData(owner, id));
  }

  /** For a secret whose owner was refused after it was stored: nothing may refer to it. */
  async forget(owner: SecretOwner, id: string): Promise<void> {
    await this.secrets.deleteOne({ _id: id, tenantId: owner });
    this.cache.delete(id);
  }
}

/** Binds a ciphertext to its owner and id: moved to another row, it can no longer be read. */
const additionalData = (owner: SecretOwner, id: string) => `${owner}\0${id}`;
