import { Injectable } from '@nestjs/common';
import { runInCallScope } from '../common/call-scope.js';
import { asLogId } from '../common/ids.js';
import { IntegrationDirectory } from '../integrations/integration-directory.js';
import type { Attempt, IntegrationLog } from '../logging/integration-log.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import type { Execution } from '../logging/log-entry.js';
import { type JobContext, JobHandler } from '../queues/job-handler.decorator.js';
import type { DeliveryAttemptJob } from '../queues/jobs.js';
import { DeliveryQueue } from '../retries/delivery-queue.js';
import { ERROR_CLASS_RULES } from '../retries/error-class.rules.js';
import { DeliveryRunner } from './delivery-runner.js';

/** Works the delivery lane: one job is one try of one log. The job ends after the try's record is durable. */
@Injectable()
export class DeliveryWorker {
  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly runner: DeliveryRunner,
    private readonly queue: DeliveryQueue,
    private readonly directory: IntegrationDirectory,
  ) {}

  @JobHandler('delivery.attempt')
  async attempt(job: DeliveryAttemptJob, { takenOver }: JobContext): Promise<void> {
    const log = await this.logs.findForDelivery(asLogId(job.logId));
    if (!log || !isCurrent(log, job)) return;
    const { correlationId, _id: logId } = log;
    await runInCallScope({ correlationId, logId }, async () => {
      const execution = takenOver ? await this.runner.recordLost(log) : await this.runner.deliver(log);
      await this.follow(log, execution);
    });
  }

  /** What the end of a try leads to. Were the process to die here, the reconciler would queue the next try. */
  private async follow(log: IntegrationLog, { attempt, summary }: Execution): Promise<void> {
    if (summary.nextAttemptAt) {
      await this.queue.add([
        { logId: log._id, tenantId: log.tenantId, attempt: attempt.number + 1, dueAt: summary.nextAttemptAt },
      ]);
    }
    if (attempt.errorClass && ERROR_CLASS_RULES[attempt.errorClass].disables) await this.disable(log, attempt);
  }

  /** Only the version that the vendor answered to: a person may have corrected it meanwhile. */
  private async disable(
    { integrationId }: IntegrationLog,
    { integrationVersion, errorMessage }: Attempt,
  ): Promise<void> {
    const integration = integrationId && (await this.directory.forDelivery(integrationId));
    if (integration?.enabled && integration.version === integrationVersion)
      await this.directory.disable(integration, errorMessage ?? '');
  }
}

/** A job can be out of date: the try was made by another worker, or a person's retry came in between. */
const isCurrent = ({ status, attemptCount }: IntegrationLog, { attempt }: DeliveryAttemptJob) =>
  status === 'QUEUED' && attemptCount + 1 === attempt;
