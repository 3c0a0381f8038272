import type { OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import type { IntegrationId, TenantId } from '../common/ids.js';
import { type CollectionSpec, defineCollection } from '../storage/collection.js';
import type { Database } from '../storage/database.js';
import { isDuplicateKey } from '../storage/mongo-errors.js';

interface Versioned {
  _id: IntegrationId;
  tenantId: TenantId;
  version: number;
}

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

/** The versions of records that are no longer in force, and the deletions. */
export abstract class VersionHistory<T extends Versioned> implements OnModuleInit {
  private readonly versions: Model<KeptVersion<Versioned>>;

  constructor(
    private readonly database: Database,
    private readonly spec: CollectionSpec<KeptVersion<Versioned>>,
  ) {
    this.versions = database.model(spec);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(this.spec);
  }

  /** A version that is kept already stays as it is. */
  async keep(snapshot: T): Promise<void> {
    const { _id, tenantId, version } = snapshot;
    try {
      await this.versions.create({ _id: `${_id}-${version}`, integrationId: _id, tenantId, version, snapshot });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  async list(tenantId: TenantId, id: IntegrationId, { before, limit }: VersionPage): Promise<T[]> {
    const kept = await this.versions
      .find({ integrationId: id, tenantId, ...(before === null ? {} : { version: { $lt: before } }) })
      .sort({ version: -1 })
      .hint('newest_version')
      .limit(limit)
      .lean<KeptVersion<T>[]>();
    return kept.map(({ snapshot }) => snapshot);
  }
}
