import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import type { ErrorClass } from '../common/error-class.js';
import type { IntegrationId, LogId, TenantId } from '../common/ids.js';
import { Database } from '../storage/database.js';
import type { IntegrationLog } from './integration-log.js';
import { INTEGRATION_LOGS } from './integration-log.collection.js';
import type { LogSearchPlan } from './log-search.js';

/** What a walk tells of a log. */
export type WalkedLog = Pick<IntegrationLog, '_id' | 'integrationId' | 'createdAt'>;

/** Logs of one integration whose last errors are of one class. */
export interface LogGroup {
  readonly integrationId: IntegrationId | null;
  readonly integrationName: string;
  readonly errorClass: ErrorClass | null;
  readonly count: number;
  readonly oldestAt: Date;
}

/** What moves of a log. */
export type LogState = Omit<IntegrationLog, 'firstAttempt'>;

const PAGE_SIZE = 500;

/** Goes through very many logs in bounded memory. */
@Injectable()
export class LogWalk {
  private readonly logs: Model<IntegrationLog>;

  constructor(database: Database) {
    this.logs = database.model(INTEGRATION_LOGS);
  }

  /** The oldest first, by pages. */
  async *oldestFirst({ filter, index }: LogSearchPlan, limit: number): AsyncGenerator<WalkedLog[]> {
    const cursor = this.logs
      .find(filter, { integrationId: 1, createdAt: 1 })
      .sort({ createdAt: 1, _id: 1 })
      .hint(index)
      .limit(limit)
      .lean<WalkedLog[]>()
      .cursor({ batchSize: PAGE_SIZE });
    let page: WalkedLog[] = [];
    for await (const log of cursor) {
      page.push(log);
      if (page.length < PAGE_SIZE) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  /** How many there are, up to `limit`, by integration and error class. */
  async groups({ filter, index }: LogSearchPlan, limit: number): Promise<LogGroup[]> {
    return this.logs
      .aggregate<LogGroup>([
        { $match: filter },
        { $limit: limit },
        {
          $group: {
            _id: { integrationId: '$integrationId', errorClass: '$errorClass' },
            integrationName: { $first: '$integrationName' },
            count: { $sum: 1 },
            oldestAt: { $min: '$createdAt' },
          },
        },
        {
          $project: {
            _id: 0,
            integrationId: '$_id.integrationId',
            errorClass: '$_id.errorClass',
            integrationName: 1,
            count: 1,
            oldestAt: 1,
          },
        },
      ])
      .hint(index);
  }

  /** Those of the ids that are the tenant's. */
  async states(tenantId: TenantId, ids: readonly LogId[]): Promise<Map<LogId, LogState>> {
    const found = await this.logs.find({ _id: { $in: [...ids] }, tenantId }, { firstAttempt: 0 }).lean<LogState[]>();
    return new Map(found.map((log) => [log._id, log]));
  }
}
