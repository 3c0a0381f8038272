import { Injectable } from '@nestjs/common';
import { type JobContext, JobHandler } from '../queues/job-handler.decorator.js';
import type { TriesJob } from '../queues/jobs.js';
import { DeliveryRunner } from './delivery-runner.js';
import { TryWorker } from './try-worker.js';

/** Works the delivery lane. */
@Injectable()
export class DeliveryWorker {
  constructor(
    private readonly tries: TryWorker,
    private readonly runner: DeliveryRunner,
  ) {}

  @JobHandler('delivery.attempt')
  async attempt(job: TriesJob, context: JobContext): Promise<void> {
    await this.tries.work(job, context, this.runner);
  }
}
