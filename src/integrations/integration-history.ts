import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import type { IntegrationId, TenantId } from '../common/ids.js';
import { Database } from '../storage/database.js';
import { isDuplicateKey } from '../storage/mongo-errors.js';
import type { Integration, IntegrationVersion } from './integration.js';
import { INTEGRATION_VERSIONS } from './integration.collection.js';

/** A stretch of the versions of an integration, newest first. */
export interface VersionPage {
  /** Only versions lower than this one; `null`: from the newest on. */
  readonly before: number | null;
  readonly limit: number;
}

/** The versions of integrations that are no longer in force, and the deletions. */
@Injectable()
export class IntegrationHistory implements OnModuleInit {
  private readonly versions: Model<IntegrationVersion>;

  constructor(private readonly database: Database) {
    this.versions = database.model(INTEGRATION_VERSIONS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(INTEGRATION_VERSIONS);
  }

  /** A version that is kept already stays as it is. */
  async keep(snapshot: Integration): Promise<void> {
    const { _id, tenantId, version } = snapshot;
    try {
      await this.versions.create({ _id: `${_id}-${version}`, integrationId: _id, tenantId, version, snapshot });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  async list(tenantId: TenantId, id: IntegrationId, { before, limit }: VersionPage): Promise<Integration[]> {
    const kept = await this.versions
      .find({ integrationId: id, tenantId, ...(before === null ? {} : { version: { $lt: before } }) })
      .sort({ version: -1 })
      .hint('newest_version')
      .limit(limit)
      .lean<IntegrationVersion[]>();
    return kept.map(({ snapshot }) => snapshot);
  }
}
