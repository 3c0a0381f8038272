import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { bounded } from '../common/bounded.js';
import { asLogId, type LogId } from '../common/ids.js';
import { ROLE, SETTINGS, type Settings } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import { DeliveryQueue } from '../retries/delivery-queue.js';
import { EventStore } from './event-store.js';

const PAGE_SIZE = 500;
const PART_TIMEOUT_MS = 60_000;
/** Logs looked at in one sweep at the most. A backlog that still has its jobs is gone through in turns of this size. */
const MAX_PER_SWEEP = 10_000;

interface Cursor {
  readonly dueAt: Date;
  readonly id: LogId;
}

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
  /** Where the last sweep stopped; `null`: it came to the end. */
  private cursor: Cursor | null = null;

  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly events: EventStore,
    private readonly queue: DeliveryQueue,
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
      // Each by itself: what cannot be done must not keep the others from being done.
      await this.attempt('Completing events', () => this.completeEvents());
      await this.attempt('Queueing what is overdue', () => this.queueOverdue());
      await this.attempt('Queueing what is due soon', () => this.queueUpcoming());
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

  private async queueOverdue(): Promise<void> {
    const until = new Date(Date.now() - this.settings.reconciler.graceMs);
    this.cursor = await this.queueDue(this.cursor, until);
  }

  /** Tries that were too far ahead to be queued when they were planned and have come near since the last sweep. */
  private async queueUpcoming(): Promise<void> {
    const { delivery, reconciler } = this.settings;
    const until = Date.now() + delivery.queueAheadMs;
    const from = new Date(until - 3 * reconciler.intervalMs);
    await this.queueDue({ dueAt: from, id: asLogId('') }, new Date(until));
  }

  private async queueDue(from: Cursor | null, until: Date): Promise<Cursor | null> {
    let cursor = from;
    for (let seen = 0; seen < MAX_PER_SWEEP; seen += PAGE_SIZE) {
      const due = await this.logs.findDue(cursor, until, PAGE_SIZE);
      const tries = due.flatMap(({ _id: logId, tenantId, attemptCount, nextAttemptAt }) =>
        nextAttemptAt ? [{ logId, tenantId, attempt: attemptCount + 1, dueAt: nextAttemptAt }] : [],
      );
      await this.queue.add(tries);
      const last = tries.at(-1);
      if (!last || due.length < PAGE_SIZE) return null;
      cursor = { dueAt: last.dueAt, id: last.logId };
    }
    return cursor;
  }
}
