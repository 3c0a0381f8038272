import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { bounded } from '../common/bounded.js';
import { ROLE, SETTINGS, type Settings } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { BacklogSweep } from './backlog-sweep.js';
import { EventStore } from './event-store.js';

/** Events that one round completes. */
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
    private readonly events: EventStore,
    private readonly backlog: BacklogSweep,
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
        this.attempt('Queueing what is overdue', () => this.backlog.queueOverdue()),
        this.attempt('Queueing what is due soon', () => this.backlog.queueUpcoming()),
        this.attempt('Bringing back what was set aside', () => this.backlog.bringBackSetAside()),
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
}
