import { Inject, Injectable } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../common/bounded.js';
import type { IntegrationId } from '../common/ids.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';
import { LateDeliveries } from '../scheduling/late-deliveries.js';
import type { LateWork } from '../scheduling/late-watch.js';
import { DeliveryOrder } from './delivery-order.js';

/** Logs of one integration that one look takes. */
const PAGE_SIZE = 500;

/** Finds what MongoDB says is due, or will be soon, and queues it: integration by integration, however much each has. */
@Injectable()
export class BacklogSweep {
  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly queue: DeliveryQueue,
    private readonly order: DeliveryOrder,
    private readonly late: LateDeliveries,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Offers the slots of every integration that has something due to the oldest of it. A backlog that is in good order is
   * only looked at: its slots are taken.
   */
  async queueOverdue(stopping: AbortSignal): Promise<void> {
    const until = new Date(Date.now() - this.settings.reconciler.graceMs);
    const overdue: LateWork[] = [];
    await this.forEachWithDue(until, stopping, async (due) => {
      if (await this.queue.refill(due.integrationId)) overdue.push({ of: due.integrationId, dueAt: due.dueAt });
    });
    this.late.seen(overdue);
  }

  /** Tries that were too far ahead to be queued when they were planned and have come near since the last sweep. */
  async queueUpcoming(stopping: AbortSignal): Promise<void> {
    const now = new Date();
    const until = new Date(now.getTime() + this.settings.delivery.queueAheadMs);
    await this.forEachWithDue(until, stopping, async ({ integrationId }) => {
      const reading = this.logs.findDueOf(integrationId, until, PAGE_SIZE, now);
      const due = await bounded(reading, DATABASE_TIMEOUT_MS, 'Reading what is due soon');
      await this.queue.add(
        due.flatMap(({ _id: logId, attemptCount, nextAttemptAt }) =>
          nextAttemptAt ? [{ logId, integrationId, attempt: attemptCount + 1, dueAt: nextAttemptAt }] : [],
        ),
      );
    });
  }

  /** Those whose turn has come although nobody brought them back. */
  async bringBackSetAside(stopping: AbortSignal): Promise<void> {
    const before = new Date(Date.now() - this.settings.reconciler.graceMs);
    await this.order.bringBackForgotten(before, PAGE_SIZE, stopping);
  }

  private async forEachWithDue(
    until: Date,
    stopping: AbortSignal,
    work: (due: { integrationId: IntegrationId; dueAt: Date }) => Promise<void>,
  ): Promise<void> {
    let after = '';
    while (!stopping.aborted) {
      const due = await bounded(this.logs.nextWithDue(after, until), DATABASE_TIMEOUT_MS, 'Looking for what is due');
      if (!due) return;
      await work(due);
      after = due.integrationId;
    }
  }
}
