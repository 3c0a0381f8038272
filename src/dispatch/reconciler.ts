import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type RoundPart, Rounds } from '../common/rounds.js';
import { ROLE, SETTINGS, type Settings } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { BacklogSweep } from './backlog-sweep.js';
import { EventStore } from './event-store.js';
import { HeldSweep } from './held-sweep.js';

/** Events that one round completes. */
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
    private readonly events: EventStore,
    private readonly backlog: BacklogSweep,
    private readonly held: HeldSweep,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ROLE) private readonly role: Role,
  ) {
    const parts: RoundPart[] = [
      { what: 'Completing events', work: () => this.completeEvents() },
      { what: 'Queueing what is overdue', work: (stopping) => this.backlog.queueOverdue(stopping) },
      { what: 'Queueing what is due soon', work: (stopping) => this.backlog.queueUpcoming(stopping) },
      { what: 'Bringing back what was set aside', work: (stopping) => this.backlog.bringBackSetAside(stopping) },
      { what: 'Counting what is held', work: (stopping) => this.held.count(stopping) },
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
}
