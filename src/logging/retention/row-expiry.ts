import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { TenantId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import type { AttemptDocument, IntegrationLog } from '../integration-log.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from '../integration-log.collection.js';
import { ReceivedRequestStore } from '../received/received-request.store.js';
import { isWebhook } from '../received/webhook-logs.js';

const PAGE_SIZE = 500;

/** Deletes logs that are past their time, with their tries and the requests that they are worked on from. What is QUEUED, or has moved since, stays. */
@Injectable()
export class RowExpiry {
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
        .project<Pick<IntegrationLog, '_id' | 'integrationId'>>({ integrationId: 1 })
        .sort({ createdAt: -1, _id: -1 })
        .hint('newest')
        .limit(PAGE_SIZE)
        .toArray();
      const ids = rows.map(({ _id }) => _id);
      if (ids.length === 0) break;
      // These first: those of a log that is gone would be found by nobody.
      await this.received.forget(rows.filter(isWebhook).map(({ _id }) => _id));
      await this.attempts.deleteMany({ logId: { $in: ids } });
      const { deletedCount } = await this.logs.deleteMany({ ...old, _id: { $in: ids } });
      count += deletedCount;
      if (ids.length < PAGE_SIZE) break;
    }
    return count;
  }
}
