import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { IntegrationId } from '../common/ids.js';
import { Database } from '../storage/database.js';
import { insertMissing } from '../storage/mongo-errors.js';
import type { IntegrationLog } from './integration-log.js';
import { LOG_ORIGINS, type LogOrigin, originIdOf } from './log-origin.collection.js';

/** What a search may ask of where logs come from. */
export type OriginFilter = Pick<LogOrigin, 'tenantId'> &
  Partial<Pick<LogOrigin, 'integrationId' | 'vendor' | 'actionId' | 'direction'>>;

/** Origins that this process knows to be written; a few MB. */
const MAX_KNOWN = 20_000;

/**
 * Where the logs of a tenant come from. No index of the logs has the vendor, the action or the direction: it would cost each
 * delivery more than this, which is written once for each origin and not for each log.
 */
@Injectable()
export class LogOrigins implements OnModuleInit {
  private readonly origins: Collection<LogOrigin>;
  private readonly known = new Set<string>();

  constructor(private readonly database: Database) {
    this.origins = database.collection(LOG_ORIGINS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(LOG_ORIGINS);
  }

  /** Resolves once it is durable where these logs, which are about to be inserted, come from. */
  async note(logs: readonly IntegrationLog[]): Promise<void> {
    const fresh = new Map<string, LogOrigin>();
    for (const log of logs) {
      const _id = originIdOf(log);
      if (this.known.has(_id)) continue;
      const { tenantId, integrationId, vendor, actionId, direction } = log;
      fresh.set(_id, { _id, tenantId, integrationId, vendor, actionId, direction });
    }
    if (fresh.size === 0) return;
    await insertMissing(() => this.origins.insertMany([...fresh.values()], { ordered: false }));
    if (this.known.size + fresh.size > MAX_KNOWN) this.known.clear();
    for (const id of fresh.keys()) this.known.add(id);
  }

  /** The integrations that have logs of it, `null` among them for logs of none; `'many'` where they are more than `most`. */
  async integrationsOf(filter: OriginFilter, most: number): Promise<(IntegrationId | null)[] | 'many'> {
    const found = this.origins
      .find(filter)
      .project<Pick<LogOrigin, 'integrationId'>>({ _id: 0, integrationId: 1 })
      .sort({ tenantId: 1, integrationId: 1 })
      .hint('of_tenant');
    const integrationIds = new Set<IntegrationId | null>();
    for await (const { integrationId } of found) {
      integrationIds.add(integrationId);
      if (integrationIds.size > most) return 'many';
    }
    return [...integrationIds];
  }
}
