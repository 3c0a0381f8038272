import { Injectable } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import { FreshCache } from '../../common/fresh-cache.js';
import { asIntegrationId, type IntegrationId, type TenantId } from '../../common/ids.js';
import { NOT_DELETED, VersionedDirectory } from '../../integrations/versioned-directory.js';
import { type OwnerDirectory, TryOwners } from '../../scheduling/try-owners.js';
import { Database } from '../../storage/database.js';
import { INBOUND_SOURCE_VERSIONS, INBOUND_SOURCES } from './inbound-source.collection.js';
import type { InboundSource } from './inbound-source.js';
import { SourceUnknownNowError } from './source-unknown-now.error.js';
import { isTokenOf, sourceIdIn } from './source-token.js';
import { SourceUnknownError } from './source-unknown.error.js';
import { SourceVersionConflictError } from './source-version-conflict.error.js';

/** Every process works by a new version within a second: what was read is kept for less than that. */
const CACHE_MS = 800;
const CACHED_ENTRIES = 50_000;
/** While MongoDB is away, webhooks are taken by what was known of their source so long ago at the most. */
const LAST_FOR_MS = 3_600_000;
/** A caller of a source that was never known here waits no longer. */
const UNKNOWN_TIMEOUT_MS = 3_000;

/** The sources of all tenants, with the history of their versions. */
@Injectable()
export class SourceDirectory extends VersionedDirectory<InboundSource> implements OwnerDirectory {
  private readonly byId = new FreshCache<IntegrationId, InboundSource | null>({
    what: 'a source of webhooks',
    max: CACHED_ENTRIES,
    ttlMs: CACHE_MS,
    lastForMs: LAST_FOR_MS,
    mayKeep: (source) => !source?.pause,
    load: (_id) => this.records.findOne({ _id, ...NOT_DELETED }).lean<InboundSource>(),
  });

  constructor(database: Database, owners: TryOwners) {
    super(database, {
      records: INBOUND_SOURCES,
      versions: INBOUND_SOURCE_VERSIONS,
      unknown: (id) => new SourceUnknownError(id),
      conflict: (id, expected) => new SourceVersionConflictError(id, expected),
    });
    owners.register('inbound', this);
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

  /** Whose page it is; `null` where it is nobody's, or no longer. */
  async atPage(token: string, now: Date): Promise<InboundSource | null> {
    const id = sourceIdIn(token);
    const source = id && (await this.byId.get(id));
    return source && isTokenOf(token, [source.pageToken], now) ? source : null;
  }

  /** In the order of their ids, which is the order of creation; `after` is the last id of the page before. */
  async list(tenantId: TenantId, { after, limit }: { after: string; limit: number }): Promise<InboundSource[]> {
    return this.records
      .find({ tenantId, ...NOT_DELETED, _id: { $gt: asIntegrationId(after) } })
      .sort({ _id: 1 })
      .hint('by_tenant')
      .limit(limit)
      .lean<InboundSource[]>();
  }

  async create(source: InboundSource): Promise<void> {
    await this.records.create(source);
    this.forget(source);
  }

  protected forget({ _id }: InboundSource): void {
    this.byId.forget(_id);
  }

  private async known(id: IntegrationId): Promise<InboundSource | null> {
    try {
      return await bounded(this.byId.getOrLast(id), UNKNOWN_TIMEOUT_MS, 'Reading a source of webhooks');
    } catch (error) {
      throw new SourceUnknownNowError(error);
    }
  }
}
