import { Injectable } from '@nestjs/common';
import { DueTries } from '../../dispatch/due-tries.js';
import { type JobContext, JobHandler } from '../../queues/job-handler.decorator.js';
import type { TriesJob } from '../../queues/jobs.js';

/** Later tries of webhooks wake in their own lane, so that no delivery keeps them waiting. */
@Injectable()
export class DueWebhooks {
  constructor(private readonly tries: DueTries) {}

  @JobHandler('inbound.due')
  async wake(job: TriesJob, context: JobContext): Promise<void> {
    await this.tries.wake(job, context);
  }
}
