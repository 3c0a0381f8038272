import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { bounded } from '../common/bounded.js';
import { runOutsideCallScope } from '../common/call-scope.js';
import { Rounds } from '../common/rounds.js';
import { Database } from '../storage/database.js';
import type { LogEntry } from './log-entry.js';
import type { TakenEntries } from './log-lane.js';
import { MongoLogSink } from './mongo-log-sink.js';
import { RefusalGuard } from './refusal-guard.js';
import { LogQueue, QUEUE_BATCH } from './spool/log-queue.js';
import { LogSpool } from './spool/log-spool.js';

const PING_TIMEOUT_MS = 2_000;
const DRAIN_TIMEOUT_MS = 10_000;
const LOOK_AGAIN_MS = 250;
/** How often a process looks for what others left behind. */
const LOOK_AROUND_MS = 5_000;
/** So little is left that waiting for it costs less than adding to it. */
const NEARLY_DRAINED_BYTES = 1_048_576;

type Step = 'progress' | 'waiting' | 'empty';

/**
 * Keeps log entries while MongoDB is away: in the queue, or where that takes none in the spool; and writes them to MongoDB
 * once it is back. What a process keeps it keeps in order: nothing of its own goes past anything of its own.
 */
@Injectable()
export class LogFallback implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly log = new Logger(LogFallback.name);
  private readonly guard: RefusalGuard;
  private readonly rounds: Rounds;
  /** Entries of this process are in the lanes, or on their way into them. */
  private holding = false;
  private isInQueue = false;
  private isInSpool = false;
  private away = false;
  private stopped = false;
  private isShort = false;
  private keepings = 0;
  private keeping = 0;
  private afterWrite: (entries: readonly LogEntry[]) => Promise<void> = async () => undefined;
  private loop: Promise<void> | null = null;
  private drainedTotal = 0;
  private refusedTotal = 0;
  private waiting: (() => void)[] = [];
  private nextStep: (() => void)[] = [];

  constructor(
    sink: MongoLogSink,
    private readonly queue: LogQueue,
    private readonly spool: LogSpool,
    private readonly database: Database,
  ) {
    this.guard = new RefusalGuard(sink, DRAIN_TIMEOUT_MS, this.log);
    const looking = { what: 'Looking for log entries that are not in MongoDB yet', work: () => this.lookAround() };
    this.rounds = new Rounds(LOOK_AROUND_MS, [looking], this.log);
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.settleForShutdown();
  }

  /** Whether entries may go to MongoDB directly. */
  isOpen(): boolean {
    return !this.holding && !this.away;
  }

  /** MongoDB takes what is kept, and not much of it is left. */
  isNearlyDrained(): boolean {
    if (this.isOpen() || this.away || this.stopped) return false;
    return this.isShort && this.spool.bytes() < NEARLY_DRAINED_BYTES;
  }

  /** Told of entries that are in MongoDB now, however old they are, before they leave where they were kept. */
  whenWritten(tell: (entries: readonly LogEntry[]) => Promise<void>): void {
    this.afterWrite = tell;
  }

  /** Resolves when some more is drained, or could not be. */
  step(): Promise<void> {
    return new Promise((resolve) => this.nextStep.push(resolve));
  }

  /** MongoDB did not take an entry. */
  setAway(): void {
    this.away = true;
    this.isShort = false;
    this.start();
  }

  /** Whether the entries are durable now. */
  async keep(entries: readonly LogEntry[]): Promise<boolean> {
    this.holding = true;
    this.keepings += 1;
    this.keeping += 1;
    try {
      return (!this.isInSpool && (await this.keepInQueue(entries))) || (await this.keepInSpool(entries));
    } finally {
      this.keeping -= 1;
      this.start();
    }
  }

  /** Resolves once MongoDB has everything that this process keeps. */
  async drained(): Promise<void> {
    if (this.isOpen()) return;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Resolves once MongoDB has what any process kept in the queue before, and what ended ones of this machine spooled. */
  async settled(): Promise<void> {
    await this.spool.claimOrphans();
    const settled = new Promise<void>((resolve) => this.waiting.push(resolve));
    this.start();
    await settled;
  }

  /** At the end of the process: writes what MongoDB takes, and leaves the rest to others. */
  async settleForShutdown(): Promise<void> {
    this.stopped = true;
    await this.loop;
    if (!this.away) while ((await this.attemptStep()) === 'progress');
    await this.spool.release().catch((error: unknown) => this.log.error(`The spool: ${String(error)}`));
  }

  /** Entries that were kept and are in MongoDB now, since the start. */
  drainedCount(): number {
    return this.drainedTotal;
  }

  /** Entries that were kept and that MongoDB did not take, since the start. */
  refusedCount(): number {
    return this.refusedTotal;
  }

  spooledBytes(): number {
    return this.spool.bytes();
  }

  maxSpooledBytes(): number {
    return this.spool.maxBytes();
  }

  /** Of all processes. @throws Error where Redis is away. */
  countQueued(): Promise<number> {
    return this.queue.count();
  }

  private async keepInQueue(entries: readonly LogEntry[]): Promise<boolean> {
    try {
      await this.queue.write(entries);
      this.isInQueue = true;
      return true;
    } catch (error) {
      this.log.warn(`${entries.length} log entries go to the spool, the queue does not take them: ${String(error)}`);
      return false;
    }
  }

  private async keepInSpool(entries: readonly LogEntry[]): Promise<boolean> {
    try {
      await this.spool.write(entries);
      this.isInSpool = true;
      return true;
    } catch (error) {
      this.log.error(`${entries.length} log entries are nowhere but in memory: ${String(error)}`);
      return false;
    }
  }

  private async lookAround(): Promise<void> {
    const waiting = await this.queue.count();
    if ((await this.spool.claimOrphans()) || waiting > 0) this.start();
  }

  private start(): void {
    if (this.loop || this.stopped) return;
    this.loop = runOutsideCallScope(() => this.run()).finally(() => (this.loop = null));
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const step = this.away ? await this.look() : await this.attemptStep();
      for (const wake of this.nextStep.splice(0)) wake();
      if (step === 'empty') return;
      if (step === 'waiting') await delay(LOOK_AGAIN_MS);
    }
    for (const wake of this.nextStep.splice(0)) wake();
  }

  private async look(): Promise<Step> {
    try {
      await bounded(this.database.ping(PING_TIMEOUT_MS), PING_TIMEOUT_MS, 'Looking for MongoDB');
      this.away = false;
      return 'progress';
    } catch {
      return 'waiting';
    }
  }

  private async attemptStep(): Promise<Step> {
    try {
      return await this.drainSome();
    } catch (error) {
      this.log.warn(`Log entries wait: ${String(error)}`);
      this.away = true;
      this.isShort = false;
      return 'waiting';
    }
  }

  /** The queue first: what this process has in both came into the queue before it came into the spool. */
  private async drainSome(): Promise<Step> {
    const { keepings } = this;
    const queued = await this.queue.take().catch(() => 'away' as const);
    if (typeof queued === 'object') return this.write(queued, queued.entries.length < QUEUE_BATCH);
    if (queued === 'empty' && this.keeping === 0 && keepings === this.keepings) this.isInQueue = false;
    if (queued !== 'empty' && (this.isInQueue || (queued === 'busy' && this.waiting.length > 0))) return 'waiting';
    const spooled = await this.spool.take();
    if (typeof spooled === 'object') return this.write(spooled, true);
    if (this.keeping > 0 || keepings !== this.keepings) return 'progress';
    this.end();
    return 'empty';
  }

  private async write({ entries, done }: TakenEntries, isShort: boolean): Promise<Step> {
    if (entries.length > 0) {
      const refusals = await this.guard.write(entries);
      const refused = entries.filter((_, index) => refusals[index]);
      if (refused.length > 0) await this.putAside(refused, refusals);
      this.refusedTotal += refused.length;
      this.drainedTotal += entries.length - refused.length;
    }
    await this.afterWrite(entries);
    await done();
    this.isShort = isShort;
    return 'progress';
  }

  /** What a person may still make something of is lost only with the disk. */
  private async putAside(refused: readonly LogEntry[], refusals: readonly (Error | null)[]): Promise<void> {
    const path = await this.spool.putAside(refused);
    for (const refusal of refusals)
      if (refusal)
        this.log.error(`MongoDB refuses a log entry that was kept, which is in ${path} now: ${refusal.message}`);
  }

  private end(): void {
    this.holding = false;
    this.isInSpool = false;
    this.isInQueue = false;
    for (const wake of this.waiting.splice(0)) wake();
  }
}
