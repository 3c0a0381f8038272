import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../common/bounded.js';
import type { IntegrationId } from '../common/ids.js';
import { ROLE, SETTINGS, type Settings } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';
import { DeliveryOrder } from './delivery-order.js';
import { EventStore } from './event-store.js';

/** Events, and logs of one integration, that one round looks at. */
const PAGE_SIZE = 500;
const PART_TIMEOUT_MS = 60_000;
/**
 * Makes Redis rebuildable: queues every QUEUED log whose due time is near or has passed, and completes events whose
 * emitter died. Queueing a try that has its job already changes nothing, so it may run in every worker at once and needs
 * no lock; it runs by a timer in the process, because a schedule kept in Redis would be lost with Redis.
 */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(Reconciler.name);
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly events: EventStore,
    private readonly queue: DeliveryQueue,
    private readonly order: DeliveryOrder,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ROLE) private readonly role: Role,
  ) {}

  onApplicationBootstrap(): void {
    if (this.role !== 'api') this.loop = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      // Each by itself: what cannot be done, or hangs, must not keep the others from being done.
      await Promise.all([
        this.attempt('Completing events', () => this.completeEvents()),
        this.attempt('Queueing what is overdue', () => this.queueOverdue()),
        this.attempt('Queueing what is due soon', () => this.queueUpcoming()),
        this.attempt('Bringing back what was set aside', () => this.bringBackSetAside()),
      ]);
      await this.pause();
    }
  }

  private async attempt(what: string, part: () => Promise<void>): Promise<void> {
    await bounded(part(), PART_TIMEOUT_MS, what).catch((error: unknown) =>
      this.log.warn(`${what} failed, the next round tries again: ${String(error)}`),
    );
  }

  /** Between two sweeps; jittered, so that the sweeps of many workers spread out. */
  private async pause(): Promise<void> {
    const { intervalMs } = this.settings.reconciler;
    await delay(intervalMs * (0.75 + Math.random() / 2), undefined, { signal: this.stopping.signal }).catch(
      () => undefined,
    );
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
    while (!this.stopping.signal.aborted) {
      const due = await bounded(this.logs.nextWithDue(after, until), DATABASE_TIMEOUT_MS, 'Looking for what is due');
      if (!due) return;
      await work(due);
      after = due.integrationId;
    }
  }
}
