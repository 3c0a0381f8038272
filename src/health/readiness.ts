import { Injectable, Logger } from '@nestjs/common';
import { bounded } from '../common/bounded.js';
import { LogFallback } from '../logging/log-fallback.js';
import { LogWriter } from '../logging/log-writer.js';
import { LANES } from '../queues/jobs.js';
import { LaneQueues } from '../queues/lane-queues.js';
import { LateDeliveries } from '../scheduling/late-deliveries.js';
import { Database } from '../storage/database.js';
import type { DependencyHealthDto, ReadyDto, UnwrittenDto } from './health.dto.js';

const TIMEOUT_MS = 1_000;

/** Whether this process can do its work now: MongoDB and Redis each answer within a second. */
@Injectable()
export class Readiness {
  private readonly log = new Logger(Readiness.name);

  constructor(
    private readonly database: Database,
    private readonly lanes: LaneQueues,
    private readonly late: LateDeliveries,
    private readonly fallback: LogFallback,
    private readonly writer: LogWriter,
  ) {}

  async check(): Promise<ReadyDto> {
    const [mongodb, redis] = await Promise.all([
      this.ask('MongoDB', () => this.database.ping(TIMEOUT_MS)),
      this.ask('Redis', () => this.pingRedis()),
    ]);
    const late = { integrations: this.late.count(), oldestDueAt: this.late.oldestDueAt() };
    const unwritten = await this.unwritten();
    return { status: mongodb.ok && redis.ok ? 'ok' : 'unavailable', mongodb, redis, late, unwritten };
  }

  private async unwritten(): Promise<UnwrittenDto> {
    const counting = bounded(this.fallback.countQueued(), TIMEOUT_MS, 'Counting log entries in Redis');
    return {
      inMemory: this.writer.pendingCount(),
      inQueue: await counting.catch(() => null),
      spoolBytes: this.fallback.spooledBytes(),
      stuckSince: this.writer.stuckSince(),
      dropped: this.writer.droppedCount(),
    };
  }

  private async pingRedis(): Promise<void> {
    const [lane] = LANES;
    // Any command that Redis has to answer will do; BullMQ's client has no ping.
    await this.lanes.queue(lane).isPaused();
  }

  private async ask(name: string, ping: () => Promise<void>): Promise<DependencyHealthDto> {
    const startedMs = performance.now();
    const error = await within(TIMEOUT_MS, ping());
    if (error !== null) this.log.warn(`${name} is not ready: ${error}`);
    return { ok: error === null, ms: Math.round(performance.now() - startedMs) };
  }
}

/** What went wrong, or `null`. */
async function within(timeoutMs: number, work: Promise<void>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer in ${timeoutMs} ms`), timeoutMs);
  });
  const outcome = await Promise.race([
    work.then(
      () => null,
      (error: unknown) => String(error),
    ),
    late,
  ]);
  clearTimeout(timer);
  return outcome;
}
