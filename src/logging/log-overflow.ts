import type { Logger } from '@nestjs/common';
import type { LogId } from '../common/ids.js';
import type { LogEntry } from './log-entry.js';

const SAY_EVERY_MS = 10_000;

/** Log entries of calls that go on without their log, because there was no room for it anywhere. */
export class LogOverflow {
  private dropped = 0;
  private saidAt = 0;
  /** Calls that run without their log: their end must not be recorded of a log that is not there. */
  private readonly unlogged = new Set<LogId>();

  constructor(private readonly log: Logger) {}

  get count(): number {
    return this.dropped;
  }

  /** Whether the entry is given up. */
  has(entry: LogEntry, isFull: boolean): boolean {
    const isUnlogged = entry.kind === 'executed' && this.unlogged.delete(entry.execution.logId);
    if (!isFull && !isUnlogged) return false;
    if (entry.kind === 'opened') this.unlogged.add(entry.log._id);
    this.dropped += 1;
    if (Date.now() - this.saidAt < SAY_EVERY_MS) return true;
    this.saidAt = Date.now();
    this.log.error(
      `${this.dropped} log entries are lost since the start: MongoDB, Redis and the spool take no more. Bring MongoDB back`,
    );
    return true;
  }
}
