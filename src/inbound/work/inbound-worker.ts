import { Injectable } from '@nestjs/common';
import { TryWorker } from '../../dispatch/try-worker.js';
import { type JobContext, JobHandler } from '../../queues/job-handler.decorator.js';
import type { TriesJob } from '../../queues/jobs.js';
import { InboundRunner } from './inbound-runner.js';

/** Works the lane of webhooks. */
@Injectable()
export class InboundWorker {
  constructor(
    private readonly tries: TryWorker,
    private readonly runner: InboundRunner,
  ) {}

  @JobHandler('inbound.attempt')
  async attempt(job: TriesJob, context: JobContext): Promise<void> {
    await this.tries.work(job, context, this.runner);
  }
}
