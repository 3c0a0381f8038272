import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { EventId, TenantId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import { eventIdsOf } from '../erasure/log-erasure.js';
import type { AttemptDocument, IntegrationLog } from '../integration-log.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from '../integration-log.collection.js';
import { ReceivedRequestStore } from '../received/received-request.store.js';
import { isWebhook } from '../received/webhook-logs.js';

const PAGE_SIZE = 500;

/** What logs belong to, and goes after them. */
export interface RowOwners {
  /** Some of their logs are deleted next. */
  mark(ids: readonly EventId[]): Promise<void>;
  /** Answers with how many were deleted: none that has a log. */
  remove(tenantId: TenantId, cutoff: Date, stopping: AbortSignal): Promise<number>;
}

/** Deletes logs that are past their time, with their tries and the requests that they are worked on from. What is QUEUED, or has moved since, stays. */
@Injectable()
export class RowExpiry {
  owners: RowOwners | null = null;
  private readonly logs: Collection<IntegrationLog>;
  private readonly attempts: Collection<AttemptDocument>;

  constructor(
    database: Database,
    private readonly received: ReceivedRequestStore,
  ) {
    this.logs = database.collection(INTEGRATION_LOGS);
    this.attempts = database.collection(INTEGRATION_ATTEMPTS);
  }

  /** Answers with how many were deleted. */
  async remove(tenantId: TenantId, cutoff: Date, stopping: AbortSignal): Promise<number> {
    const old = {
      tenantId,
      createdAt: { $lt: cutoff },
      updatedAt: { $lt: cutoff },
      status: { $ne: 'QUEUED' as const },
    };
    let count = 0;
    while (!stopping.aborted) {
      const rows = await this.logs
        .find(old)
        .project<Pick<IntegrationLog, '_id' | 'eventId' | 'integrationId'>>({ eventId: 1, integrationId: 1 })
        .sort({ createdAt: -1, _id: -1 })
        .hint('newest')
        .limit(PAGE_SIZE)
        .toArray();
      const ids = rows.map(({ _id }) => _id);
      if (ids.length === 0) break;
      await this.owners?.mark(eventIdsOf(rows));
      // These first: those of a log that is gone would be found by nobody.
      await this.received.forget(rows.filter(isWebhook).map(({ _id }) => _id));
      await this.attempts.deleteMany({ logId: { $in: ids } });
      const { deletedCount } = await this.logs.deleteMany({ ...old, _id: { $in: ids } });
      count += deletedCount;
      if (ids.length < PAGE_SIZE) break;
    }
    await this.owners?.remove(tenantId, cutoff, stopping);
    return count;
  }
}
