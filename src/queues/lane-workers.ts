import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DelayedError, type Job, Worker } from 'bullmq';
import type { ClassConstructor } from 'class-transformer';
import { bounded } from '../common/bounded.js';
import { describeFaults } from '../common/field-fault.js';
import { parseShape } from '../common/parse-shape.js';
import { ROLE, SETTINGS, type Settings } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { RedisConnections } from '../storage/redis-connections.js';
import { JobHandlers } from './job-handlers.js';
import { isJobName, isTriesLane, JOB_SHAPES, LANES, type Lane, TRIES_PER_CALL } from './jobs.js';
import { queueNameOf } from './queues.constants.js';

/** A job that this version cannot read waits this long for a process of a newer version. */
const UNREADABLE_DELAY_MS = 30_000;
/** A handler throws only where MongoDB is away: what a delivery meets is in its log. */
const FAILED_DELAY_MS = 5_000;
/** A job may be taken over this often; then it is dropped from Redis and the reconciler starts it anew from MongoDB. */
const MAX_TAKEOVERS = 100;
/** A job that was on its way from Redis when the process was told to stop has begun by then. */
const QUIET_MS = 2_000;

/** Works the lanes: one BullMQ worker for each, in processes of role `worker` and `all`. */
@Injectable()
export class LaneWorkers implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(LaneWorkers.name);
  private readonly workers: Worker[] = [];
  private readonly running = new Set<Promise<void>>();
  private handlers: ReturnType<JobHandlers['discover']> = new Map();

  constructor(
    private readonly jobHandlers: JobHandlers,
    private readonly connections: RedisConnections,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ROLE) private readonly role: Role,
  ) {}

  onApplicationBootstrap(): void {
    if (this.role === 'api') return;
    this.handlers = this.jobHandlers.discover();
    for (const lane of LANES) this.workers.push(this.start(lane));
  }

  /** Takes no new work and waits for the running calls, at most as long as the settings say. */
  async onModuleDestroy(): Promise<void> {
    const { stopTimeoutMs } = this.settings.delivery;
    const closed = Promise.all(this.workers.map((worker) => worker.close()));
    await bounded(Promise.race([closed, this.quiet()]), stopTimeoutMs, 'Ending the running calls').catch(() =>
      this.log.warn(`Calls still run after ${stopTimeoutMs} ms; another worker will take them over`),
    );
  }

  /**
   * Resolves once no call has run for a while: closing a worker never ends where its connection waits to be made anew
   * (ioredis 6.0, whose `disconnect` then emits no `end`, for which bullmq 6 waits also if it is told to use force).
   */
  private async quiet(): Promise<void> {
    do {
      await Promise.allSettled(this.running);
      await delay(QUIET_MS, undefined, { ref: false });
    } while (this.running.size > 0);
  }

  private start(lane: Lane): Worker {
    const { delivery, redis } = this.settings;
    const worker = new Worker(queueNameOf(lane), (job, token) => this.counted(this.work(job, token)), {
      connection: this.connections.forWorker(),
      prefix: redis.prefix,
      // A job may be of a single try.
      concurrency: isTriesLane(lane) ? delivery.concurrency * TRIES_PER_CALL : delivery.concurrency,
      lockDuration: delivery.takeoverAfterMs,
      stalledInterval: delivery.takeoverAfterMs,
      maxStalledCount: MAX_TAKEOVERS,
    });
    worker.on('error', (error) => this.log.warn(`Lane ${lane}: ${error.message}`));
    worker.on('failed', (job, error) =>
      this.log.error(`Job ${job?.id ?? '?'} of lane ${lane} failed: ${error.message}`),
    );
    return worker;
  }

  private counted(work: Promise<void>): Promise<void> {
    this.running.add(work);
    return work.finally(() => this.running.delete(work));
  }

  private async work(job: Job, token: string | undefined): Promise<void> {
    const { name } = job;
    if (!isJobName(name)) return this.postpone(job, token, `its name "${name}" is not known to this version`);
    const shape = JOB_SHAPES[name];
    if (!shape.isFormOf(job.data)) return this.postpone(job, token, whatIsWrong(shape, job.data));
    try {
      await this.handlers.get(name)?.(job.data, { takenOver: job.stalledCounter > 0 });
    } catch (error) {
      // The same job stays, because it knows whether it was taken over.
      this.log.error(
        `Job ${job.id ?? '?'} comes back in ${FAILED_DELAY_MS} ms: ${error instanceof Error ? error.message : String(error)}`,
      );
      await job.moveToDelayed(Date.now() + FAILED_DELAY_MS, token);
      throw new DelayedError();
    }
  }

  /** Never skipped: a process of a newer version may understand it. */
  private async postpone(job: Job, token: string | undefined, why: string): Promise<never> {
    this.log.error(`Job ${job.id ?? '?'} waits ${UNREADABLE_DELAY_MS} ms because it cannot be read: ${why}`);
    await job.moveToDelayed(Date.now() + UNREADABLE_DELAY_MS, token);
    throw new DelayedError();
  }
}

function whatIsWrong(shape: ClassConstructor<object>, data: unknown): string {
  const parsed = parseShape(shape, data);
  return parsed.ok ? `it is not of the form of ${shape.name}` : describeFaults(parsed.faults);
}
