import { getQueueToken } from '@nestjs/bullmq';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Queue } from 'bullmq';
import { bounded } from '../common/bounded.js';
import { RedisConnections } from '../storage/redis-connections.js';
import { JOB_STATES, type JobName, type JobPayload, type JobState, LANE_OF, type Lane, LANES } from './jobs.js';
import { queueNameOf } from './queues.constants.js';

export interface NewJob<N extends JobName> {
  readonly name: N;
  readonly payload: JobPayload<N>;
  /** Two jobs of one id are one job while the first is alive. No `:` in it. */
  readonly jobId: string;
  readonly delayMs: number;
}

/** MongoDB remembers what has to be done, so a job leaves nothing behind in Redis. */
const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true, attempts: 1 };

/** BullMQ waits without an end for a Redis that was away when the process started: a caller of `emit` must not. */
const QUEUEING_TIMEOUT_MS = 3_000;

/** Puts jobs into the lanes. */
@Injectable()
export class LaneQueues implements OnModuleInit {
  private readonly log = new Logger(LaneQueues.name);

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly connections: RedisConnections,
  ) {}

  onModuleInit(): void {
    // bullmq prints to the console what nobody listens to; the connection that the lanes share has told it already.
    for (const lane of LANES) this.queue(lane).on('error', () => undefined);
  }

  /**
   * Queues jobs of one lane, or does not where Redis is away: then it says so in the log and answers `false`, and the
   * reconciler queues them later from MongoDB.
   */
  async addAll<N extends JobName>(jobs: readonly NewJob<N>[]): Promise<boolean> {
    const [first] = jobs;
    if (!first) return true;
    try {
      await bounded(this.addBulk(first.name, jobs), QUEUEING_TIMEOUT_MS, `Queueing ${jobs.length} jobs`);
      return true;
    } catch (error) {
      this.log.warn(
        `${jobs.length} jobs are not queued yet, the reconciler will do it: ${error instanceof Error ? error.message : String(error)}`,
      );
      return false;
    }
  }

  private async addBulk<N extends JobName>(name: N, jobs: readonly NewJob<N>[]): Promise<void> {
    if (!this.connections.areQueuesReady()) throw new Error('Redis is away');
    await this.queue(LANE_OF[name]).addBulk(
      jobs.map(({ payload, jobId, delayMs }) => ({
        name,
        data: payload,
        opts: { ...JOB_OPTIONS, jobId, ...(delayMs > 0 ? { delay: delayMs } : {}) },
      })),
    );
  }

  /** @throws Error where Redis is away. */
  async countJobs(lane: Lane): Promise<Partial<Record<JobState, number>>> {
    if (!this.connections.areQueuesReady()) throw new Error('Redis is away');
    return this.queue(lane).getJobCounts(...JOB_STATES);
  }

  queue(lane: Lane): Queue {
    return this.moduleRef.get<Queue>(getQueueToken(queueNameOf(lane)), { strict: false });
  }
}
