import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { RetryBatchId } from '../../common/ids.js';
import { bounded, DATABASE_TIMEOUT_MS } from '../../common/bounded.js';
import { Rounds } from '../../common/rounds.js';
import { ROLE } from '../../config/settings.js';
import type { Role } from '../../config/waybill-options.js';
import { BatchTurn } from './batch-turn.js';
import type { RetryBatch } from './retry-batch.js';
import { RetryBatchStore } from './retry-batch.store.js';

/** How often a process looks whether there is a batch at all. */
const LOOK_EVERY_MS = 1_000;
/** Between two turns while there is one. */
const TURN_EVERY_MS = 200;
/** A round ends in time to be told from one that hangs. */
const ROUND_MS = 30_000;
/** What was not queued in time is not made up for in one burst. */
const MAX_PENT_UP_MS = 1_000;

/** Of one turn: less than the lease, and other batches have theirs in between. */
const COLLECT_MS = 2_000;

interface Progress {
  /** Writing down its logs, where that has begun and not ended. */
  collecting: AsyncGenerator<void> | null;
  /** Until when the rate has been used up. */
  ratedAt: number;
  /** Where the look at those that were queued goes on. */
  settledTo: string;
}

/** Goes through the batches that are open, one worker at a time each. */
@Injectable()
export class RetryBatchesWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(RetryBatchesWorker.name);
  private readonly id = randomUUID();
  private readonly progress = new Map<RetryBatchId, Progress>();
  private readonly rounds: Rounds;

  constructor(
    private readonly batches: RetryBatchStore,
    private readonly turn: BatchTurn,
    @Inject(ROLE) private readonly role: Role,
  ) {
    const part = { what: 'Working on retry batches', work: (stopping: AbortSignal) => this.round(stopping) };
    this.rounds = new Rounds(LOOK_EVERY_MS, [part], this.log);
  }

  onApplicationBootstrap(): void {
    if (this.role !== 'api') this.rounds.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
    if (this.role === 'api') return;
    await bounded(this.batches.release(this.id), DATABASE_TIMEOUT_MS, 'Giving retry batches back').catch(
      (error: unknown) => this.log.warn(`The leases of retry batches run out by themselves: ${String(error)}`),
    );
  }

  private async round(stopping: AbortSignal): Promise<void> {
    const endsAt = Date.now() + ROUND_MS;
    while (!stopping.aborted && Date.now() < endsAt) {
      const open = await this.batches.findOpen();
      this.forgetOthers(open.map(({ _id }) => _id));
      if (open.length === 0) return;
      for (const { _id } of open) {
        const batch = stopping.aborted ? null : await this.batches.lease(_id, this.id);
        if (batch) await this.workOn(batch);
      }
      await delay(TURN_EVERY_MS, undefined, { signal: stopping }).catch(() => undefined);
    }
  }

  private async workOn(batch: RetryBatch): Promise<void> {
    const { _id, state, collected } = batch;
    const progress = this.progress.get(_id) ?? {
      collecting: null,
      ratedAt: Date.now() - MAX_PENT_UP_MS,
      settledTo: '',
    };
    this.progress.set(_id, progress);
    if (state === 'cancelled') await this.batches.cancelWaiting(_id);
    else if (!collected) return this.collectSome(batch, progress);
    else if (state === 'running') await this.queueByRate(batch, progress);
    progress.settledTo = await this.turn.settle(batch, progress.settledTo);
    if (state !== 'paused' && !(await this.hasMore(_id))) await this.batches.finish(_id);
  }

  /** A step that fails ends it: then it begins anew. */
  private async collectSome(batch: RetryBatch, progress: Progress): Promise<void> {
    progress.collecting ??= this.turn.collect(batch);
    const { collecting } = progress;
    const endsAt = Date.now() + COLLECT_MS;
    while (Date.now() < endsAt) {
      const { done } = await collecting.next();
      if (done !== true) continue;
      progress.collecting = null;
      return;
    }
  }

  private async queueByRate(batch: RetryBatch, progress: Progress): Promise<void> {
    const now = Date.now();
    const from = Math.max(progress.ratedAt, now - MAX_PENT_UP_MS);
    const most = Math.floor(((now - from) * batch.ratePerSecond) / 1_000);
    const queued = most > 0 ? await this.turn.queueSome(batch, most) : 0;
    // What the vendors had no room for is not saved up.
    progress.ratedAt = queued < most ? now : from + (queued * 1_000) / batch.ratePerSecond;
  }

  private async hasMore(id: RetryBatchId): Promise<boolean> {
    return (await this.batches.hasItems(id, 'waiting')) || (await this.batches.hasItems(id, 'queued'));
  }

  private forgetOthers(open: readonly RetryBatchId[]): void {
    for (const [id, { collecting }] of this.progress) {
      if (open.includes(id)) continue;
      this.progress.delete(id);
      void collecting?.return(undefined);
    }
  }
}
