import { Injectable } from '@nestjs/common';
import { type JobContext, JobHandler } from '../queues/job-handler.decorator.js';
import type { TriesJob } from '../queues/jobs.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';

/** Works the jobs by which later tries wake: their time has come, now they ask for their slots like all others. */
@Injectable()
export class DueTries {
  constructor(private readonly queue: DeliveryQueue) {}

  @JobHandler('delivery.due')
  async wake({ integrationId, tries }: TriesJob, _context: JobContext): Promise<void> {
    const dueAt = new Date();
    await this.queue.addDue(
      integrationId,
      tries.map((id) => ({ id, dueAt })),
    );
  }
}
