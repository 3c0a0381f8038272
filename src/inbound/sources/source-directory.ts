import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import { bounded } from '../../common/bounded.js';
import { FreshCache } from '../../common/fresh-cache.js';
import { asIntegrationId, type IntegrationId, type TenantId } from '../../common/ids.js';
import type { VersionPage } from '../../integrations/version-history.js';
import { type OwnerDirectory, TryOwners } from '../../scheduling/try-owners.js';
import { Database } from '../../storage/database.js';
import { INBOUND_SOURCES } from './inbound-source.collection.js';
import type { InboundSource } from './inbound-source.js';
import { SourceHistory } from './source-history.js';
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

/** One that is being deleted is there for a moment more, and for good where its process died in that moment. */
const NOT_DELETED = { deleted: { $exists: false } };

/** What a change may name: everything else of a source is its identity, or comes with the change. */
export type SourceChange = Partial<
  Omit<InboundSource, '_id' | 'tenantId' | 'version' | 'createdAt' | 'updatedAt' | 'updatedBy' | 'deleted'>
>;

/** The sources of all tenants, with the history of their versions. */
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
    private readonly history: SourceHistory,
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

  /** Whose page it is; `null` where it is nobody's, or no longer. */
  async atPage(token: string, now: Date): Promise<InboundSource | null> {
    const id = sourceIdIn(token);
    const source = id && (await this.byId.get(id));
    return source && isTokenOf(token, [source.pageToken], now) ? source : null;
  }

  /** @throws SourceUnknownError also where it belongs to another tenant. */
  async get(tenantId: TenantId, id: IntegrationId): Promise<InboundSource> {
    const source = await this.sources.findOne({ _id: id, tenantId, ...NOT_DELETED }).lean<InboundSource>();
    if (!source) throw new SourceUnknownError(id);
    return source;
  }

  /** In the order of their ids, which is the order of creation; `after` is the last id of the page before. */
  async list(tenantId: TenantId, { after, limit }: { after: string; limit: number }): Promise<InboundSource[]> {
    return this.sources
      .find({ tenantId, ...NOT_DELETED, _id: { $gt: asIntegrationId(after) } })
      .sort({ _id: 1 })
      .hint('by_tenant')
      .limit(limit)
      .lean<InboundSource[]>();
  }

  async create(source: InboundSource): Promise<void> {
    await this.sources.create(source);
    this.byId.forget(source._id);
  }

  /**
   * Replaces everything that `change` names, as a new version. The version before is kept first, so that no crash can
   * leave a hole in the history.
   * @throws SourceVersionConflictError when `current` is no longer the latest version.
   */
  async update(current: InboundSource, change: SourceChange, author: string): Promise<InboundSource> {
    const updated = await this.replace(current, change, author);
    if (!updated) throw new SourceVersionConflictError(current._id, current.version);
    return updated;
  }

  /**
   * Deletes it, as a version that says who did it and when; its versions and its logs stay. Its addresses are nobody's from
   * then on, and webhooks that wait FAIL with the reason. Marked first and removed last: whoever reads meanwhile, or after a
   * crash in between, finds it deleted.
   * @throws SourceUnknownError
   */
  async delete(tenantId: TenantId, id: IntegrationId, author: string): Promise<void> {
    const current = await this.get(tenantId, id);
    const deletion = await this.replace(current, { deleted: true }, author);
    // Somebody changed it meanwhile: a deletion means it as it is now.
    if (!deletion) return this.delete(tenantId, id, author);
    await this.history.keep(deletion);
    await this.sources.deleteOne({ _id: id, tenantId });
  }

  /** Answers whether it did: a person who changes it at the same time wins. */
  async disable(id: IntegrationId, reason: string, version?: number | null): Promise<boolean> {
    const source = await this.forDelivery(id);
    if (!source?.enabled || (version !== undefined && source.version !== version)) return false;
    return (await this.replace(source, { enabled: false, disabledReason: reason }, 'waybill')) !== null;
  }

  /** The versions of a source, newest first; where it was deleted, the deletion is the first. @throws SourceUnknownError */
  async versions(tenantId: TenantId, id: IntegrationId, { before, limit }: VersionPage): Promise<InboundSource[]> {
    const current = await this.sources.findOne({ _id: id, tenantId }).lean<InboundSource>();
    const isOnPage = current !== null && (before === null || current.version < before);
    const earlier = await this.history.list(tenantId, id, { before: isOnPage ? current.version : before, limit });
    if (!current && earlier.length === 0) throw new SourceUnknownError(id);
    return [...(isOnPage ? [current] : []), ...earlier].slice(0, limit);
  }

  /** Moves it to its next version; `null` where `current` is no longer the latest. */
  private async replace(
    current: InboundSource,
    change: Partial<InboundSource>,
    author: string,
  ): Promise<InboundSource | null> {
    const { _id, tenantId, version } = current;
    await this.history.keep(current);
    const next = await this.sources
      .findOneAndUpdate(
        { _id, tenantId, version, ...NOT_DELETED },
        { $set: { ...change, version: version + 1, updatedAt: new Date(), updatedBy: author } },
        { returnDocument: 'after' },
      )
      .lean<InboundSource>();
    if (next) this.byId.forget(_id);
    return next;
  }

  private async known(id: IntegrationId): Promise<InboundSource | null> {
    try {
      return await bounded(this.byId.getOrLast(id), UNKNOWN_TIMEOUT_MS, 'Reading a source of webhooks');
    } catch (error) {
      throw new SourceUnknownNowError(error);
    }
  }
}
