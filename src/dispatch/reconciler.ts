import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../common/bounded.js';
import type { IntegrationId } from '../common/ids.js';
import { Rounds } from '../common/rounds.js';
import { ROLE, SETTINGS, type Settings } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';
import { DeliveryOrder } from './delivery-order.js';
import { EventStore } from './event-store.js';

/** Events, and logs of one integration, that one round looks at. */
const PAGE_SIZE = 500;

/**
 * Makes Redis rebuildable: queues every QUEUED log whose due time is near or has passed, and completes events whose
 * emitter died. Queueing a try that has its job already changes nothing, so it may run in every worker at once and needs
 * no lock.
 */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(Reconciler.name);
  private readonly rounds: Rounds;

  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly events: EventStore,
    private readonly queue: DeliveryQueue,
    private readonly order: DeliveryOrder,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ROLE) private readonly role: Role,
  ) {
    const parts = [
      { what: 'Completing events', work: () => this.completeEvents() },
      { what: 'Queueing what is overdue', work: () => this.queueOverdue() },
      { what: 'Queueing what is due soon', work: () => this.queueUpcoming() },
      { what: 'Bringing back what was set aside', work: () => this.bringBackSetAside() },
    ];
    this.rounds = new Rounds(settings.reconciler.intervalMs, parts, this.log);
  }

  onApplicationBootstrap(): void {
    if (this.role !== 'api') this.rounds.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  private async completeEvents(): Promise<void> {
    const before = new Date(Date.now() - this.settings.reconciler.graceMs);
    const events = await this.events.findIncomplete(before, PAGE_SIZE);
    if (events.length === 0) return;
    this.log.warn(`Completing ${events.length} events whose emitter did not`);
    await this.events.complete(events);
  }

  /**
   * Offers the slots of every integration that has something due to the oldest of it. A backlog that is in good order is
   * only looked at: its slots are taken.
   */
  private async queueOverdue(): Promise<void> {
    const until = new Date(Date.now() - this.settings.reconciler.graceMs);
    await this.forEachWithDue(until, ({ integrationId }) => this.queue.refill(integrationId));
  }

  /** Tries that were too far ahead to be queued when they were planned and have come near since the last sweep. */
  private async queueUpcoming(): Promise<void> {
    const now = new Date();
    const until = new Date(now.getTime() + this.settings.delivery.queueAheadMs);
    await this.forEachWithDue(until, async ({ integrationId }) => {
      const reading = this.logs.findDueOf(integrationId, until, PAGE_SIZE, now);
      const due = await bounded(reading, DATABASE_TIMEOUT_MS, 'Reading what is due soon');
      await this.queue.add(
        due.flatMap(({ _id: logId, attemptCount, nextAttemptAt }) =>
          nextAttemptAt ? [{ logId, integrationId, attempt: attemptCount + 1, dueAt: nextAttemptAt }] : [],
        ),
      );
    });
  }

  private async bringBackSetAside(): Promise<void> {
    await this.order.bringBackForgotten(new Date(Date.now() - this.settings.reconciler.graceMs), PAGE_SIZE);
  }

  private async forEachWithDue(
    until: Date,
    work: (due: { integrationId: IntegrationId; dueAt: Date }) => Promise<void>,
  ): Promise<void> {
    let after = '';
    while (!this.rounds.stopping) {
      const due = await bounded(this.logs.nextWithDue(after, until), DATABASE_TIMEOUT_MS, 'Looking for what is due');
      if (!due) return;
      await work(due);
      after = due.integrationId;
    }
  }
}
