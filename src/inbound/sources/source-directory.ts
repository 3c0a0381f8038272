import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import { bounded } from '../../common/bounded.js';
import { FreshCache } from '../../common/fresh-cache.js';
import type { IntegrationId } from '../../common/ids.js';
import { type OwnerDirectory, TryOwners } from '../../scheduling/try-owners.js';
import { Database } from '../../storage/database.js';
import { INBOUND_SOURCES } from './inbound-source.collection.js';
import type { InboundSource } from './inbound-source.js';
import { SourceUnknownNowError } from './source-unknown-now.error.js';
import { isTokenOf, sourceIdIn } from './source-token.js';

/** Every process works by a new version within a second: what was read is kept for less than that. */
const CACHE_MS = 800;
const CACHED_ENTRIES = 50_000;
/** While MongoDB is away, webhooks are taken by what was known of their source so long ago at the most. */
const LAST_FOR_MS = 3_600_000;
/** A caller of a source that was never known here waits no longer. */
const UNKNOWN_TIMEOUT_MS = 3_000;

const NOT_DELETED = { deleted: { $exists: false } };

/** The sources of all tenants. */
@Injectable()
export class SourceDirectory implements OwnerDirectory, OnModuleInit {
  private readonly sources: Model<InboundSource>;
  private readonly byId = new FreshCache<IntegrationId, InboundSource | null>({
    what: 'a source of webhooks',
    max: CACHED_ENTRIES,
    ttlMs: CACHE_MS,
    lastForMs: LAST_FOR_MS,
    mayKeep: (source) => !source?.pause,
    load: (_id) => this.sources.findOne({ _id, ...NOT_DELETED }).lean<InboundSource>(),
  });

  constructor(
    private readonly database: Database,
    owners: TryOwners,
  ) {
    this.sources = database.model(INBOUND_SOURCES);
    owners.register('inbound', this);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(INBOUND_SOURCES);
  }

  /** At most a second old, and paused only where it is so now; `null` where it was deleted. */
  async forDelivery(id: IntegrationId): Promise<InboundSource | null> {
    return this.byId.get(id);
  }

  /**
   * Whose address it is; `null` where it is nobody's, or no longer. While MongoDB is away, by what was known of it.
   * @throws SourceUnknownNowError
   */
  async atAddress(token: string, now: Date): Promise<InboundSource | null> {
    const id = sourceIdIn(token);
    const source = id && (await this.known(id));
    return source && isTokenOf(token, source.tokens, now) ? source : null;
  }

  async disable(id: IntegrationId, reason: string, version?: number | null): Promise<boolean> {
    const source = await this.forDelivery(id);
    if (!source?.enabled || (version !== undefined && source.version !== version)) return false;
    const { modifiedCount } = await this.sources.updateOne(
      { _id: id, version: source.version },
      {
        $set: { enabled: false, disabledReason: reason, updatedAt: new Date(), updatedBy: 'waybill' },
        $inc: { version: 1 },
      },
    );
    this.byId.forget(id);
    return modifiedCount === 1;
  }

  private async known(id: IntegrationId): Promise<InboundSource | null> {
    try {
      return await bounded(this.byId.getOrLast(id), UNKNOWN_TIMEOUT_MS, 'Reading a source of webhooks');
    } catch (error) {
      throw new SourceUnknownNowError(error);
    }
  }
}
