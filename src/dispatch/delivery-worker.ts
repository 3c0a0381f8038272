import { Injectable } from '@nestjs/common';
import { runInCallScope } from '../common/call-scope.js';
import type { TryId } from '../common/ids.js';
import type { Integration } from '../integrations/integration.js';
import { IntegrationDirectory } from '../integrations/integration-directory.js';
import type { Attempt, IntegrationLog } from '../logging/integration-log.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import type { Execution } from '../logging/log-entry.js';
import { type JobContext, JobHandler } from '../queues/job-handler.decorator.js';
import { partsOfTry, type TriesJob } from '../queues/jobs.js';
import { ERROR_CLASS_RULES } from '../retries/error-class.rules.js';
import { type SlotOutcome, slotOwnerOf } from '../scheduling/admission.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';
import { DeliverySlots } from '../scheduling/delivery-slots.js';
import { DeliveryOrder } from './delivery-order.js';
import { DeliveryRunner } from './delivery-runner.js';
import { slotOutcomeOf } from './slot-outcome.js';

const PARKED: SlotOutcome = { kind: 'parked' };
const AGAIN: SlotOutcome = { kind: 'again' };

/** Works the delivery lane: one job is a few tries of one integration. It ends after the records of all are durable. */
@Injectable()
export class DeliveryWorker {
  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly runner: DeliveryRunner,
    private readonly queue: DeliveryQueue,
    private readonly directory: IntegrationDirectory,
    private readonly slots: DeliverySlots,
    private readonly order: DeliveryOrder,
  ) {}

  @JobHandler('delivery.attempt')
  async attempt({ integrationId, tries }: TriesJob, { takenOver }: JobContext): Promise<void> {
    const integration = await this.directory.forDelivery(integrationId);
    const owner = slotOwnerOf(integrationId, integration);
    const made = await Promise.allSettled(
      tries.map(async (id) => this.slots.giveBack(owner, id, await this.makeTry(id, integration, takenOver))),
    );
    // The job comes back for those that threw; the others' logs have moved on by then.
    for (const one of made) if (one.status === 'rejected') throw one.reason;
  }

  private async makeTry(id: TryId, integration: Integration | null, takenOver: boolean): Promise<SlotOutcome> {
    const { logId, attempt } = partsOfTry(id);
    const log = await this.logs.findForDelivery(logId);
    if (!log || !isCurrent(log, attempt)) return PARKED;
    const whyNot = integration && this.slots.whyNot(integration);
    if (whyNot) return whyNot === 'paused' ? PARKED : AGAIN;
    if (integration && !takenOver && (await this.order.mustWait(log, integration))) return PARKED;
    const { correlationId } = log;
    return runInCallScope({ correlationId, logId }, async () => {
      const execution = takenOver ? await this.runner.recordLost(log) : await this.runner.deliver(log);
      await this.follow(log, integration, execution);
      return slotOutcomeOf(execution.attempt);
    });
  }

  /** What the end of a try leads to. Were the process to die here, the reconciler would queue the next try. */
  private async follow(
    log: IntegrationLog,
    integration: Integration | null,
    { attempt, summary, disables }: Execution,
  ): Promise<void> {
    if (summary.nextAttemptAt && log.integrationId) {
      await this.queue.add([
        {
          logId: log._id,
          integrationId: log.integrationId,
          attempt: attempt.number + 1,
          dueAt: summary.nextAttemptAt,
        },
      ]);
    }
    const gone = attempt.errorClass !== null && ERROR_CLASS_RULES[attempt.errorClass].disables;
    const reason = gone ? (attempt.errorMessage ?? '') : disables;
    if (reason !== undefined) await this.disable(log, attempt, reason);
    if (integration) await this.order.ended(log, integration, summary.status);
  }

  /** Only the version that the vendor answered to: a person may have corrected it meanwhile. */
  private async disable(
    { integrationId }: IntegrationLog,
    { integrationVersion }: Attempt,
    reason: string,
  ): Promise<void> {
    const integration = integrationId && (await this.directory.forDelivery(integrationId));
    if (integration?.enabled && integration.version === integrationVersion)
      await this.directory.disable(integration, reason);
  }
}

/** A job can be out of date: the try was made by another worker, or a person's retry came in between. */
const isCurrent = ({ status, attemptCount }: IntegrationLog, attempt: number) =>
  status === 'QUEUED' && attemptCount + 1 === attempt;
