import { Inject, Injectable } from '@nestjs/common';
import type { LogId, TenantId } from '../common/ids.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { DeliveryAttemptJob } from '../queues/jobs.js';
import { LaneQueues } from '../queues/lane-queues.js';

/** A try of a log that is due. */
export interface DueTry {
  readonly logId: LogId;
  readonly tenantId: TenantId;
  readonly attempt: number;
  readonly dueAt: Date;
}

/**
 * Queues tries of logs. The job id is made of the log and the number of the try, so that queueing a try twice queues it
 * once, whoever does it. A try that is due later than the window stays in MongoDB, and Redis stays small.
 */
@Injectable()
export class DeliveryQueue {
  constructor(
    private readonly lanes: LaneQueues,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async add(tries: readonly DueTry[]): Promise<void> {
    const now = Date.now();
    const near = tries.filter(({ dueAt }) => dueAt.getTime() - now <= this.settings.delivery.queueAheadMs);
    await this.lanes.addAll(
      near.map(({ logId, tenantId, attempt, dueAt }) => ({
        name: 'delivery.attempt' as const,
        payload: Object.assign(new DeliveryAttemptJob(), { tenantId, logId, attempt }),
        jobId: `${logId}-${attempt}`,
        delayMs: Math.max(0, dueAt.getTime() - now),
      })),
    );
  }
}
