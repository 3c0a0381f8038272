import { setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { mongo } from 'mongoose';
import { bounded, DATABASE_TIMEOUT_MS } from '../common/bounded.js';
import { GroupCommit } from '../common/group-commit.js';
import { OperationTimeoutError } from '../common/operation-timeout.error.js';
import { Database } from '../storage/database.js';
import type { LogEntry } from './log-entry.js';
import { MongoLogSink } from './mongo-log-sink.js';

/** One `bulkWrite` of 500 updates is where larger batches stop paying (measured: 7,700 updates/s). */
const MAX_BATCH = 500;
/** Entries in memory at the most; at about 130 KiB for the largest entry of the default limits this is bounded by 650 MiB, usually by 20 MiB. */
const MAX_PENDING = 5_000;
const RETRY_DELAYS_MS = [50, 100, 200, 500, 1_000];

/**
 * The one way into the log: group commit in front of the sink. While MongoDB is away a batch is tried again until it is
 * back, and those who wait for their entry are slowed down; nothing is dropped.
 */
@Injectable()
export class LogWriter implements BeforeApplicationShutdown {
  private readonly log = new Logger(LogWriter.name);
  private readonly stopping = new AbortController();
  private readonly commits = new GroupCommit<LogEntry, Error | null>({
    maxBatch: MAX_BATCH,
    maxPending: MAX_PENDING,
    write: (entries) => this.write(entries),
  });

  constructor(
    private readonly sink: MongoLogSink,
    database: Database,
  ) {
    // HTTP calls end after the flush below, and before the connection closes.
    database.beforeClose(() => this.flush());
  }

  /** Resolves when the entry is durable. Rejects only where the sink refuses this very entry, or at shutdown. */
  async submit(entry: LogEntry): Promise<void> {
    const refusal = await this.commits.submit(entry);
    if (refusal !== null) throw refusal;
  }

  /** Entries that are not durable yet. */
  pendingCount(): number {
    return this.commits.size;
  }

  /** Resolves once everything that was submitted is durable or refused. */
  flush(): Promise<void> {
    return this.commits.idle();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.flush();
  }

  /** Each entry's refusal, or `null`. One that the sink will not have must not take the others with it. */
  private async write(entries: readonly LogEntry[]): Promise<(Error | null)[]> {
    try {
      await this.persist(entries);
      return entries.map(() => null);
    } catch (error) {
      const [entry] = entries;
      if (entry && entries.length === 1) return [await this.writeWithoutBodies(entry, error)];
      const outcomes: (Error | null)[] = [];
      for (const one of entries) outcomes.push(...(await this.write([one])));
      return outcomes;
    }
  }

  /** A try whose bodies cannot be stored has ended all the same: were its log not moved, its vendor would be called again. */
  private async writeWithoutBodies(entry: LogEntry, refusal: unknown): Promise<Error | null> {
    const asError = refusal instanceof Error ? refusal : new Error(String(refusal));
    if (entry.kind === 'opened' || this.stopping.signal.aborted) return asError;
    const { execution } = entry;
    this.log.error(
      `The bodies of log ${execution.logId}, try ${execution.attempt.number}, are not kept: ${asError.message}`,
    );
    const attempt = { ...execution.attempt, request: null, response: null };
    try {
      await this.persist([{ kind: 'executed', execution: { ...execution, attempt } }]);
      return null;
    } catch {
      return asError;
    }
  }

  private async persist(entries: readonly LogEntry[]): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        await bounded(this.sink.write(entries), DATABASE_TIMEOUT_MS, `Writing ${entries.length} log entries`);
        return;
      } catch (error) {
        await this.backOff(error, failures, entries.length);
      }
    }
  }

  /** Waits before the next try, or throws where another try makes no sense. */
  private async backOff(error: unknown, failures: number, count: number): Promise<void> {
    if (isRefusal(error) && failures >= RETRY_DELAYS_MS.length) throw error;
    if (failures === 0)
      this.log.warn(`${count} log entries could not be written to ${this.sink.name}, trying again: ${String(error)}`);
    if (this.stopping.signal.aborted && failures >= RETRY_DELAYS_MS.length) throw error;
    await delay(RETRY_DELAYS_MS[Math.min(failures, RETRY_DELAYS_MS.length - 1)]);
  }
}

/** FerretDB and DocumentDB answer with this while the PostgreSQL behind them is away. */
const INTERNAL_ERROR = 1;

/**
 * Whether the database has read these entries and will not have them, as opposed to being away. A bulk write that lost its
 * connection is a MongoBulkWriteError too, only without write errors. A document that is too large to insert is refused by
 * the driver already, as an invalid argument.
 */
function isRefusal(error: unknown): boolean {
  if (error instanceof mongo.MongoBulkWriteError) return [error.writeErrors].flat().length > 0;
  if (error instanceof mongo.MongoServerError)
    return error.code !== INTERNAL_ERROR && !error.hasErrorLabel('RetryableWriteError');
  if (error instanceof mongo.MongoInvalidArgumentError) return true;
  return !(error instanceof mongo.MongoError || error instanceof OperationTimeoutError);
}
