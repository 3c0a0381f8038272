import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import { FreshCache } from '../../common/fresh-cache.js';
import type { TenantId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import { API_KEYS, type ApiKey } from './api-key.collection.js';
import { ApiKeyUnknownError } from './api-key-unknown.error.js';
import type { Principal } from './principal.js';

export interface NewApiKey {
  readonly id: string;
  /** The whole key, `wbk_<id>_<secret>`. It is shown once and stored as a hash only. */
  readonly key: string;
}

const KEY_FORM = /^wbk_([0-9a-f]{16})_([\w-]{43})$/;
/** A revoked key stops working within this time in every process. */
const CACHE_MS = 1_000;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

@Injectable()
export class ApiKeyService implements OnModuleInit {
  private readonly keys: Model<ApiKey>;
  private readonly cache = new FreshCache<string, ApiKey | null>({
    what: 'an API key',
    max: 10_000,
    ttlMs: CACHE_MS,
    load: (id) => this.keys.findById(id).lean<ApiKey>(),
  });

  constructor(private readonly database: Database) {
    this.keys = database.model(API_KEYS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(API_KEYS);
  }

  /** Creates a key for one tenant, or for the platform (`null`). */
  async create(tenantId: TenantId | null, name: string): Promise<NewApiKey> {
    const id = randomBytes(8).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    await this.keys.create({
      _id: id,
      tenantId,
      name,
      secretHash: sha256(secret),
      createdAt: new Date(),
      revokedAt: null,
    });
    return { id, key: `wbk_${id}_${secret}` };
  }

  /** The oldest first, the revoked ones too. */
  async list(): Promise<Omit<ApiKey, 'secretHash'>[]> {
    return this.keys.find({}, { secretHash: 0 }).sort({ createdAt: 1, _id: 1 }).lean<Omit<ApiKey, 'secretHash'>[]>();
  }

  /** @throws ApiKeyUnknownError */
  async get(id: string): Promise<Omit<ApiKey, 'secretHash'>> {
    const found = await this.keys.findById(id, { secretHash: 0 }).lean<Omit<ApiKey, 'secretHash'>>();
    if (!found) throw new ApiKeyUnknownError();
    return found;
  }

  /**
   * Every process refuses the key a second later at most. Answers with when it was revoked, which stays as it was where
   * that was done before.
   * @throws ApiKeyUnknownError
   */
  async revoke(id: string): Promise<Date> {
    const revokedAt = new Date();
    await this.keys.updateOne({ _id: id, revokedAt: null }, { $set: { revokedAt } });
    this.cache.forget(id);
    const stored = await this.keys.findById(id).lean<ApiKey>();
    if (!stored) throw new ApiKeyUnknownError();
    return stored.revokedAt ?? revokedAt;
  }

  /** Who a presented key speaks for; `null` where it is malformed, unknown, wrong or revoked. */
  async authenticate(presented: string): Promise<Principal | null> {
    const [, id, secret] = KEY_FORM.exec(presented) ?? [];
    if (id === undefined || secret === undefined) return null;
    const stored = await this.cache.get(id);
    if (!stored || stored.revokedAt !== null) return null;
    const matches = timingSafeEqual(Buffer.from(sha256(secret)), Buffer.from(stored.secretHash));
    return matches ? { keyId: stored._id, name: stored.name, tenantId: stored.tenantId } : null;
  }
}
