import { setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { GroupCommit } from '../common/group-commit.js';
import { Database } from '../storage/database.js';
import type { LogEntry } from './log-entry.js';
import { LogFallback } from './log-fallback.js';
import { LogOverflow } from './log-overflow.js';
import { MongoLogSink } from './mongo-log-sink.js';
import { RefusalGuard } from './refusal-guard.js';
import { SinkAwayError } from './sink-away.error.js';

/** One `bulkWrite` of 500 updates is where larger batches stop paying (measured: 7,700 updates/s). */
const MAX_BATCH = 500;
/** Entries in memory at the most; at about 130 KiB for the largest entry of the default limits this is bounded by 650 MiB, usually by 20 MiB. */
const MAX_PENDING = 5_000;
/** So many in memory say that MongoDB is too slow to be waited for any longer. */
const PRESSING = MAX_PENDING / 2;
/** How long MongoDB is waited for before a batch goes elsewhere. */
const DIRECT_TIMEOUT_MS = 5_000;
const RETRY_DELAYS_MS = [50, 100, 200, 500, 1_000];

type Outcome = 'written' | 'kept' | Error;

/**
 * The one way into the log: group commit in front of MongoDB, and of the fallback while that is away. The entries of one
 * process are written in the order they were submitted.
 */
@Injectable()
export class LogWriter implements BeforeApplicationShutdown {
  private readonly log = new Logger(LogWriter.name);
  private readonly stopping = new AbortController();
  private readonly overflow = new LogOverflow(this.log);
  private readonly guard: RefusalGuard;
  private readonly held = new Set<Promise<LogEntry>>();
  private hurry: (() => void) | null = null;
  private stuckAt: Date | null = null;
  private readonly commits = new GroupCommit<LogEntry, Outcome>({
    maxBatch: MAX_BATCH,
    maxPending: MAX_PENDING,
    write: (entries) => this.write(entries),
  });

  constructor(
    sink: MongoLogSink,
    private readonly fallback: LogFallback,
    database: Database,
  ) {
    this.guard = new RefusalGuard(sink, DIRECT_TIMEOUT_MS, this.log);
    // HTTP calls end after the flush below, and before the connection closes.
    database.beforeClose(() => this.settle());
  }

  /**
   * For those who may be slowed down. Resolves once the entry is in MongoDB: until then whoever makes the same try would
   * not know of it. Rejects only where MongoDB refuses this very entry, or at shutdown.
   */
  async submit(entry: LogEntry): Promise<void> {
    // Where Redis was emptied meanwhile, what it kept is gone and counts as drained. Writing an entry twice writes it once.
    while ((await this.commit(entry)) === 'kept') await this.fallback.drained();
  }

  /**
   * For those who must not be slowed down. Resolves once the entry is durable, or is given up because there is no more
   * room for it anywhere, which is counted and said.
   */
  async offer(entry: LogEntry): Promise<void> {
    if (this.overflow.has(entry, this.commits.size >= MAX_PENDING)) return;
    await this.commit(entry);
  }

  /** The same of an entry that is still to be made. */
  async offerLater(entry: Promise<LogEntry>): Promise<void> {
    this.held.add(entry);
    try {
      const ready = await entry;
      // What waits for all that is held must find this one in the commit.
      return this.offer(ready);
    } finally {
      this.held.delete(entry);
    }
  }

  /** Entries that are not durable yet. */
  pendingCount(): number {
    return this.commits.size + this.held.size;
  }

  /** Entries that found no room anywhere, since the start. */
  droppedCount(): number {
    return this.overflow.count;
  }

  /** Since when entries find room nowhere but in memory; `null` where they do. */
  stuckSince(): Date | null {
    return this.stuckAt;
  }

  /** Resolves once everything that was submitted is durable, in MongoDB or elsewhere, or refused. */
  async durable(): Promise<void> {
    await Promise.allSettled(this.held);
    await this.commits.idle();
  }

  /** Resolves once everything that was submitted is in MongoDB or refused. */
  async flush(): Promise<void> {
    await this.durable();
    await this.fallback.drained();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.settle();
  }

  private async settle(): Promise<void> {
    await this.durable();
    await this.fallback.settleForShutdown();
    // Entries that were waited for until then are submitted once more.
    await this.durable();
  }

  private async commit(entry: LogEntry): Promise<Exclude<Outcome, Error>> {
    if (this.commits.size >= PRESSING) this.hurry?.();
    const outcome = await this.commits.submit(entry);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  private async write(entries: readonly LogEntry[]): Promise<Outcome[]> {
    try {
      return await this.writeSomewhere(entries);
    } finally {
      this.stuckAt = null;
    }
  }

  private async writeSomewhere(entries: readonly LogEntry[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let failures = 0; outcomes.length < entries.length;) {
      while (this.fallback.isNearlyDrained()) await this.fallback.step();
      const left = entries.slice(outcomes.length);
      const written = this.fallback.isOpen() ? await this.writeDirectly(left) : null;
      if (written) return [...outcomes, ...written];
      // A part of what does not fit may still find room.
      const next = left.slice(0, Math.max(1, left.length >> failures));
      if (await this.fallback.keep(next)) {
        outcomes.push(...next.map(() => 'kept' as const));
        failures = 0;
        continue;
      }
      this.stuckAt ??= new Date();
      if (this.stopping.signal.aborted && failures >= RETRY_DELAYS_MS.length)
        throw new SinkAwayError('Everything', `${left.length} log entries are lost with this process`);
      await delay(RETRY_DELAYS_MS[Math.min(failures, RETRY_DELAYS_MS.length - 1)]);
      failures += 1;
    }
    return outcomes;
  }

  /** `null` where MongoDB does not answer in time. What it then writes nevertheless is written once all the same. */
  private async writeDirectly(entries: readonly LogEntry[]): Promise<Outcome[] | null> {
    const hurried = new Promise<never>((_, reject) => {
      this.hurry = () => reject(new SinkAwayError('MongoDB', `${this.commits.size} log entries wait`));
    });
    try {
      const refusals = await Promise.race([this.guard.write(entries), hurried]);
      return refusals.map((refusal) => refusal ?? 'written');
    } catch (error) {
      this.log.warn(`${entries.length} log entries are kept elsewhere until MongoDB is back: ${String(error)}`);
      this.fallback.setAway();
      return null;
    } finally {
      this.hurry = null;
    }
  }
}
