import { Injectable } from '@nestjs/common';
import type { Collection, mongo } from 'mongoose';
import { asIntegrationId, type IntegrationId } from '../common/ids.js';
import { Database } from '../storage/database.js';
import type { DeliveryOrderKey, IntegrationLog, LogStatus } from './integration-log.js';
import { INTEGRATION_LOGS } from './integration-log.collection.js';

/** More are not counted: it would take ever longer. */
const MAX_COUNTED = 10_000;

/** What of one integration, or source, is held back. */
export interface HeldOfOne {
  readonly integrationId: IntegrationId;
  /** Up to 10,001. */
  readonly count: number;
  /** Since when the one that waits longest does. */
  readonly since: Date;
}

/** The one that waits longest. */
export type HeldLog = Pick<IntegrationLog, '_id' | 'integrationId' | 'order' | 'updatedAt'>;

/** What another one waits for. */
type HoldingLog = Pick<IntegrationLog, '_id' | 'status'>;

const HELD_FIELDS = { integrationId: 1, order: 1, updatedAt: 1 } as const;
const HELD = { status: 'QUEUED', nextAttemptAt: null, 'order.key': { $exists: true } } as const;

/** What has to end before a log with that place; with `hold`, also what has FAILed and is not resolved. */
export function unfinishedBefore(
  integrationId: IntegrationId | null,
  { key, seq }: DeliveryOrderKey,
  hold: boolean,
): mongo.Filter<IntegrationLog> {
  const unfinished: LogStatus[] = hold ? ['QUEUED', 'FAIL'] : ['QUEUED'];
  return {
    integrationId,
    'order.key': key,
    'order.seq': { $lt: seq },
    status: { $in: unfinished },
    'resolution.kind': { $ne: 'resolved' },
  };
}

/** QUEUED logs without a due time: each waits until one with the same ordering key has ended. */
@Injectable()
export class HeldLogs {
  private readonly logs: Collection<IntegrationLog>;

  constructor(database: Database) {
    this.logs = database.collection(INTEGRATION_LOGS);
  }

  async countOf(integrationId: IntegrationId): Promise<number> {
    return this.logs.countDocuments({ ...HELD, integrationId }, { limit: MAX_COUNTED + 1, hint: 'held' });
  }

  async longestOf(integrationId: IntegrationId): Promise<HeldLog | null> {
    return this.longest({ integrationId });
  }

  /** That of the next integration, in the order of ids, that has any: a walk along the index. */
  async longestOfNext(after: string): Promise<HeldLog | null> {
    return this.longest({ integrationId: { $gt: asIntegrationId(after) } });
  }

  /** The first of those that a log waits for: once it has ended for good, the next one goes on. */
  async firstBefore({ integrationId, order }: HeldLog, hold: boolean): Promise<HoldingLog | null> {
    if (!order) return null;
    return this.logs.findOne<HoldingLog>(unfinishedBefore(integrationId, order, hold), {
      projection: { status: 1 },
      sort: { 'order.seq': 1 },
      hint: 'order',
    });
  }

  private async longest(whose: mongo.Filter<IntegrationLog>): Promise<HeldLog | null> {
    return this.logs.findOne<HeldLog>(
      { ...HELD, ...whose },
      { projection: HELD_FIELDS, sort: { integrationId: 1, updatedAt: 1 }, hint: 'held' },
    );
  }
}
