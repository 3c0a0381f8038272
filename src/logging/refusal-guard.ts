import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@nestjs/common';
import { mongo } from 'mongoose';
import { bounded } from '../common/bounded.js';
import { OperationTimeoutError } from '../common/operation-timeout.error.js';
import type { LogEntry, LogSink } from './log-entry.js';
import { SinkAwayError } from './sink-away.error.js';

const RETRY_DELAYS_MS = [50, 100, 200, 500, 1_000];

/** Writes a batch so that an entry that the sink will not have does not take the others with it. */
export class RefusalGuard {
  constructor(
    private readonly sink: LogSink,
    private readonly timeoutMs: number,
    private readonly log: Logger,
  ) {}

  /** Each entry's refusal, or `null` where it is written. @throws SinkAwayError where the batch can be written later. */
  async write(entries: readonly LogEntry[]): Promise<(Error | null)[]> {
    const refusal = await this.refusalOf(entries);
    if (refusal === null) return entries.map(() => null);
    const [entry] = entries;
    if (entry && entries.length === 1) return [await this.writeWithoutBodies(entry, refusal)];
    const outcomes: (Error | null)[] = [];
    for (const one of entries) outcomes.push(...(await this.write([one])));
    return outcomes;
  }

  /** A try whose bodies cannot be stored has ended all the same: were its log not moved, its vendor would be called again. */
  private async writeWithoutBodies(entry: LogEntry, refusal: Error): Promise<Error | null> {
    if (entry.kind === 'opened') return refusal;
    const { execution } = entry;
    this.log.error(
      `The bodies of log ${execution.logId}, try ${execution.attempt.number}, are not kept: ${refusal.message}`,
    );
    const attempt = { ...execution.attempt, request: null, response: null };
    const refusedAgain = await this.refusalOf([{ kind: 'executed', execution: { ...execution, attempt } }]);
    return refusedAgain && refusal;
  }

  /** A refusal may be a passing mood of the server: it is believed after some tries. */
  private async refusalOf(entries: readonly LogEntry[]): Promise<Error | null> {
    for (let failures = 0; ; failures += 1) {
      try {
        await bounded(this.sink.write(entries), this.timeoutMs, `Writing ${entries.length} log entries`);
        return null;
      } catch (error) {
        if (!isRefusal(error)) throw new SinkAwayError(this.sink.name, error);
        if (failures >= RETRY_DELAYS_MS.length) return error instanceof Error ? error : new Error(String(error));
        await delay(RETRY_DELAYS_MS[failures]);
      }
    }
  }
}

/**
 * What a server answers that takes nothing now, whatever it is asked to take: 1 FerretDB and DocumentDB while the PostgreSQL
 * behind them is away, 13 and 18 a login that has lost its rights, 50 and 262 its time was over, 8000 a quota of Atlas, 14031
 * a full disk (https://www.mongodb.com/docs/manual/reference/error-codes/).
 */
const NOT_NOW: readonly unknown[] = [1, 13, 18, 50, 262, 8_000, 14_031];

/**
 * Whether the database has read these entries and will not have them, as opposed to being away. A bulk write that lost its
 * connection is a MongoBulkWriteError too, only without write errors. A document that is too large to insert is refused by
 * the driver already, as an invalid argument.
 */
export function isRefusal(error: unknown): boolean {
  if (error instanceof mongo.MongoBulkWriteError)
    return [error.writeErrors].flat().some(({ code }) => !NOT_NOW.includes(code));
  if (error instanceof mongo.MongoServerError)
    return !NOT_NOW.includes(error.code) && !error.hasErrorLabel('RetryableWriteError');
  if (error instanceof mongo.MongoInvalidArgumentError) return true;
  return !(error instanceof mongo.MongoError || error instanceof OperationTimeoutError);
}
