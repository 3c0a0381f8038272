import type { OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import type { IntegrationId, TenantId } from '../common/ids.js';
import type { WaybillError } from '../common/waybill.error.js';
import { type CollectionSpec, defineCollection } from '../storage/collection.js';
import type { Database } from '../storage/database.js';
import { isDuplicateKey } from '../storage/mongo-errors.js';

/** What a person configures and changes, each change a version of its own. */
interface Versioned {
  _id: IntegrationId;
  tenantId: TenantId;
  enabled: boolean;
  disabledReason: string | null;
  /** Counts up by one with each change. */
  version: number;
  updatedAt: Date;
  /** Who made this version. */
  updatedBy: string;
  /** This version is the deletion; the settings are those it had before. */
  deleted?: true;
}

/** What a change may not name: it comes with every change, or never changes. */
type Kept = 'version' | 'createdAt' | 'updatedAt' | 'updatedBy' | 'deleted' | '_id' | 'tenantId';

export type ChangeOf<T> = Partial<Omit<T, Kept>>;

/** A version as it was before it was replaced, or the deletion. */
export interface KeptVersion<T> {
  /** `<id>-<version>`. */
  _id: string;
  integrationId: IntegrationId;
  tenantId: TenantId;
  version: number;
  snapshot: T;
}

/** A stretch of the versions of one record, newest first. */
export interface VersionPage {
  /** Only versions lower than this one; `null`: from the newest on. */
  readonly before: number | null;
  readonly limit: number;
}

export const defineVersions = <T>(name: string): CollectionSpec<KeptVersion<T>> =>
  defineCollection<KeptVersion<T>>({
    name,
    fields: {
      _id: String,
      integrationId: { type: String, required: true },
      tenantId: { type: String, required: true },
      version: { type: Number, required: true },
      snapshot: { type: Object, required: true },
    },
    indexes: [
      {
        name: 'newest_version',
        keys: { integrationId: 1, version: -1 },
        serves: 'list the versions of one record, newest first',
      },
    ],
  });

/** One that is being deleted is there for a moment more, and for good where its process died in that moment. */
export const NOT_DELETED = { deleted: { $exists: false } };

interface VersionedDirectoryOptions<T> {
  readonly records: CollectionSpec<T>;
  readonly versions: CollectionSpec<KeptVersion<T>>;
  readonly unknown: (id: IntegrationId) => WaybillError;
  readonly conflict: (id: IntegrationId, expected: number) => WaybillError;
}

/** Records in their latest versions, and the versions before those. */
export abstract class VersionedDirectory<T extends Versioned> implements OnModuleInit {
  protected readonly records: Model<T>;
  private readonly latest: Model<Versioned>;
  private readonly versionsKept: Model<KeptVersion<Versioned>>;

  protected constructor(
    private readonly database: Database,
    private readonly options: VersionedDirectoryOptions<T>,
  ) {
    this.records = database.model(options.records);
    this.latest = database.model<Versioned>(options.records);
    this.versionsKept = database.model<KeptVersion<Versioned>>(options.versions);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(this.options.records);
    await this.database.ensureIndexes(this.options.versions);
  }

  /** At most a second old, and paused only where it is so now; `null` where it was deleted. */
  abstract forDelivery(id: IntegrationId): Promise<T | null>;

  /** @throws the error of an unknown one, also where it belongs to another tenant. */
  async get(tenantId: TenantId, id: IntegrationId): Promise<T> {
    const record = await this.latest.findOne({ _id: id, tenantId, ...NOT_DELETED }).lean<T>();
    if (!record) throw this.options.unknown(id);
    return record;
  }

  /**
   * Replaces everything that `change` names, as a new version. The version before is kept first, so that no crash can
   * leave a hole in the history.
   * @throws the error of a conflict when `current` is no longer the latest version.
   */
  async update(current: T, change: ChangeOf<T>, author: string): Promise<T> {
    const updated = await this.replace(current, change, author);
    if (!updated) throw this.options.conflict(current._id, current.version);
    return updated;
  }

  /**
   * Deletes it, as a version that says who did it and when; its versions and its logs stay. What waits to be delivered or
   * worked on FAILs with the reason. Marked first and removed last: whoever reads meanwhile, or after a crash in between,
   * finds it deleted.
   * @throws the error of an unknown one
   */
  async delete(tenantId: TenantId, id: IntegrationId, author: string): Promise<void> {
    const current = await this.get(tenantId, id);
    const deletion = await this.replace(current, { deleted: true }, author);
    // Somebody changed it meanwhile: a deletion means it as it is now.
    if (!deletion) return this.delete(tenantId, id, author);
    await this.keep(deletion);
    await this.latest.deleteOne({ _id: id, tenantId });
  }

  /**
   * Switches it off because of how its calls end; given a version, only where that is still the latest. Answers whether it
   * did: a person who changes it at the same time wins.
   */
  async disable(id: IntegrationId, reason: string, version?: number | null): Promise<boolean> {
    const record = await this.forDelivery(id);
    if (!record?.enabled || (version !== undefined && record.version !== version)) return false;
    return (await this.replace(record, { enabled: false, disabledReason: reason }, 'waybill')) !== null;
  }

  /** Newest first; where it was deleted, the deletion is the first. @throws the error of an unknown one */
  async versions(tenantId: TenantId, id: IntegrationId, { before, limit }: VersionPage): Promise<T[]> {
    const current = await this.latest.findOne({ _id: id, tenantId }).lean<T>();
    const isOnPage = current !== null && (before === null || current.version < before);
    const earlier = await this.versionsBefore(tenantId, id, { before: isOnPage ? current.version : before, limit });
    if (!current && earlier.length === 0) throw this.options.unknown(id);
    return [...(isOnPage ? [current] : []), ...earlier].slice(0, limit);
  }

  /** One version, whether it is in force, was, or is the deletion; `null` where there was none. */
  async findVersion(tenantId: TenantId, id: IntegrationId, version: number): Promise<T | null> {
    const current = await this.latest.findOne({ _id: id, tenantId, version }).lean<T>();
    if (current) return current;
    const [kept] = await this.versionsBefore(tenantId, id, { before: version + 1, limit: 1 });
    return kept?.version === version ? kept : null;
  }

  /** What was read of it before is not given out again. */
  protected abstract forget(record: T): void;

  /** Moves it to its next version; `null` where `current` is no longer the latest. */
  private async replace(current: T, change: ChangeOf<T> | Partial<Versioned>, author: string): Promise<T | null> {
    const { _id, tenantId, version } = current;
    await this.keep(current);
    const next = await this.latest
      .findOneAndUpdate(
        { _id, tenantId, version, ...NOT_DELETED },
        { $set: { ...change, version: version + 1, updatedAt: new Date(), updatedBy: author } },
        { returnDocument: 'after' },
      )
      .lean<T>();
    if (!next) return null;
    this.forget(current);
    this.forget(next);
    return next;
  }

  /** A version that is kept already stays as it is. */
  private async keep(snapshot: T): Promise<void> {
    const { _id, tenantId, version } = snapshot;
    try {
      await this.versionsKept.create({ _id: `${_id}-${version}`, integrationId: _id, tenantId, version, snapshot });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  private async versionsBefore(tenantId: TenantId, id: IntegrationId, { before, limit }: VersionPage): Promise<T[]> {
    const kept = await this.versionsKept
      .find({ integrationId: id, tenantId, ...(before === null ? {} : { version: { $lt: before } }) })
      .sort({ version: -1 })
      .hint('newest_version')
      .limit(limit)
      .lean<KeptVersion<T>[]>();
    return kept.map(({ snapshot }) => snapshot);
  }
}
