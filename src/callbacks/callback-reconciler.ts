import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CALLBACK_KINDS, type CallbackKind, receiverName } from '../common/callback-receiver.js';
import { Rounds } from '../common/rounds.js';
import { ROLE, SETTINGS, type Settings } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { CallbackOutbox } from '../logging/callback-outbox.js';
import { CallbackQueue } from '../scheduling/callback-queue.js';
import { LateCallbacks } from '../scheduling/late-callbacks.js';
import type { LateWork } from '../scheduling/late-watch.js';

/** Logs of one receiver that one round queues: more than it has places for, so that no round is waited for. */
const PAGE_SIZE = 200;

/** Queues what receivers should have been told and were not: Redis was flushed, or a process died after its write. */
@Injectable()
export class CallbackReconciler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(CallbackReconciler.name);
  private readonly rounds: Rounds;
  private readonly overdue: Record<CallbackKind, readonly LateWork[]> = { class: [], url: [] };

  constructor(
    private readonly outbox: CallbackOutbox,
    private readonly queue: CallbackQueue,
    private readonly late: LateCallbacks,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ROLE) private readonly role: Role,
  ) {
    const parts = CALLBACK_KINDS.map((kind) => ({
      what: `Queueing what a ${kind} has still to be told`,
      work: (stopping: AbortSignal) => this.queueOverdue(kind, stopping),
    }));
    this.rounds = new Rounds(settings.reconciler.intervalMs, parts, this.log);
  }

  onApplicationBootstrap(): void {
    if (this.role !== 'api') this.rounds.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  private async queueOverdue(kind: CallbackKind, stopping: AbortSignal): Promise<void> {
    const until = new Date(Date.now() - this.settings.reconciler.graceMs);
    const overdue: LateWork[] = [];
    let next = await this.outbox.nextWithDue(kind, null, until);
    while (next && !stopping.aborted) {
      const { receiver, dueAt } = next;
      overdue.push({ of: receiverName(receiver), dueAt });
      await this.queue.addDue(receiver, await this.outbox.findDueOf(receiver, until, PAGE_SIZE));
      next = await this.outbox.nextWithDue(kind, receiver, until);
    }
    this.overdue[kind] = overdue;
    this.late.seen([...this.overdue.class, ...this.overdue.url]);
  }
}
