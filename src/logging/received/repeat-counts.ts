import { Injectable, Logger } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import { GroupCommit } from '../../common/group-commit.js';
import type { LogId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import { INTEGRATION_LOGS } from '../integration-log.collection.js';
import type { Repeats } from '../integration-log.js';

/** All that wait are written at once: the copies of one webhook by one update. */
const MAX_PENDING = 5_000;
const WRITE_TIMEOUT_MS = 5_000;

interface Repeat {
  readonly logId: LogId;
  readonly at: Date;
}

/**
 * Counts in the log of a webhook the copies of it that came later. Nobody waits for that, and nothing depends on it: what
 * cannot be written is not counted.
 */
@Injectable()
export class RepeatCounts {
  private readonly log = new Logger(RepeatCounts.name);
  private readonly commits = new GroupCommit<Repeat, void>({
    maxBatch: MAX_PENDING,
    maxPending: MAX_PENDING,
    write: async (repeats) => {
      await bounded(this.write(repeats), WRITE_TIMEOUT_MS, 'Counting copies of webhooks');
      return repeats.map(() => undefined);
    },
  });
  private lost = 0;

  constructor(private readonly database: Database) {
    database.beforeClose(() => this.commits.idle());
  }

  add(logId: LogId, at: Date): void {
    if (this.commits.size >= MAX_PENDING) this.lose('more wait to be counted than there is room for');
    else this.commits.submit({ logId, at }).catch((error: unknown) => this.lose(String(error)));
  }

  private async write(repeats: readonly Repeat[]): Promise<void> {
    const byLog = new Map<LogId, Repeats>();
    for (const { logId, at } of repeats) {
      const { count, lastAt } = byLog.get(logId) ?? { count: 0, lastAt: at };
      byLog.set(logId, { count: count + 1, lastAt: at > lastAt ? at : lastAt });
    }
    const updates = [...byLog].map(([_id, { count, lastAt }]) => ({
      q: { _id },
      u: { $inc: { 'repeats.count': count }, $max: { 'repeats.lastAt': lastAt } },
    }));
    await this.database.updateEach(INTEGRATION_LOGS, updates);
  }

  /** Said once for all that are lost together. */
  private lose(why: string): void {
    this.lost += 1;
    if (this.lost > 1) return;
    setImmediate(() => {
      this.log.warn(`${this.lost} copies of webhooks are not counted in their logs: ${why}`);
      this.lost = 0;
    });
  }
}
