import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Collection, mongo } from 'mongoose';
import type { EventId, TenantId } from '../common/ids.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import { INTEGRATION_LOGS } from '../logging/integration-log.collection.js';
import { RowExpiry, type RowOwners } from '../logging/retention/row-expiry.js';
import { Database } from '../storage/database.js';
import { ACTION_EVENTS, type ActionEvent } from './action-event.collection.js';

const PAGE_SIZE = 500;

const REASONS = ['no_integration', 'all_skipped'] as const;

type Expiring = Pick<ActionEvent, '_id' | 'deliveries'>;

/**
 * Deletes events that are past their time, each after the last of its logs. An index of their age would cost every emit: those
 * with logs are marked when one of these goes, those without have an index of their own.
 */
@Injectable()
export class EventExpiry implements RowOwners, OnModuleInit {
  private readonly events: Collection<ActionEvent>;
  private readonly logs: Collection<IntegrationLog>;

  constructor(
    database: Database,
    private readonly rows: RowExpiry,
  ) {
    this.events = database.collection(ACTION_EVENTS);
    this.logs = database.collection(INTEGRATION_LOGS);
  }

  onModuleInit(): void {
    this.rows.owners = this;
  }

  async mark(ids: readonly EventId[]): Promise<void> {
    await this.events.updateMany({ _id: { $in: [...ids] } }, { $set: { expiring: true } });
  }

  async remove(tenantId: TenantId, cutoff: Date, stopping: AbortSignal): Promise<number> {
    let count = await this.removeFound({ tenantId, expiring: true }, 'expiring', cutoff, stopping);
    for (const unmatchedReason of REASONS)
      count += await this.removeFound({ tenantId, unmatchedReason }, 'unmatched', cutoff, stopping);
    return count;
  }

  private async removeFound(
    filter: mongo.Filter<ActionEvent>,
    index: string,
    cutoff: Date,
    stopping: AbortSignal,
  ): Promise<number> {
    const old = { $and: [filter, oldBy(cutoff)] };
    const found = this.events.find(old).project<Expiring>({ deliveries: 1 }).sort({ createdAt: 1 }).hint(index);
    let count = 0;
    let page: Expiring[] = [];
    for await (const event of found) {
      if (stopping.aborted) return count;
      page.push(event);
      if (page.length < PAGE_SIZE) continue;
      count += await this.removeLogless(page, old);
      page = [];
    }
    return count + (await this.removeLogless(page, old));
  }

  private async removeLogless(events: readonly Expiring[], old: mongo.Filter<ActionEvent>): Promise<number> {
    if (events.length === 0) return 0;
    const logIds = events.flatMap(({ deliveries }) => deliveries.map(({ logId }) => logId));
    const standing = await this.logs
      .find({ _id: { $in: logIds } })
      .project<Pick<IntegrationLog, '_id'>>({ _id: 1 })
      .toArray();
    const kept = new Set(standing.map(({ _id }) => _id));
    const ids = events
      .filter(({ deliveries }) => deliveries.every(({ logId }) => !kept.has(logId)))
      .map(({ _id }) => _id);
    const { deletedCount } = await this.events.deleteMany({ $and: [{ _id: { $in: ids } }, old] });
    return deletedCount;
  }
}

/** An event that came again with its key is as old as that; what is not written to its end has logs to come. */
const oldBy = (cutoff: Date) => ({
  createdAt: { $lt: cutoff },
  fanOutPending: { $exists: false },
  $or: [{ lastDuplicateAt: null }, { lastDuplicateAt: { $lt: cutoff } }],
});
