import { Injectable } from '@nestjs/common';
import { runInCallScope } from '../common/call-scope.js';
import type { TryId } from '../common/ids.js';
import type { Integration } from '../integrations/integration.js';
import { IntegrationDirectory } from '../integrations/integration-directory.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import { type JobContext, JobHandler } from '../queues/job-handler.decorator.js';
import { partsOfTry, type TriesJob } from '../queues/jobs.js';
import { type SlotOutcome, slotOwnerOf } from '../scheduling/admission.js';
import { DeliverySlots } from '../scheduling/delivery-slots.js';
import { DeliveryFollowUp } from './delivery-follow-up.js';
import { DeliveryOrder } from './delivery-order.js';
import { DeliveryRunner } from './delivery-runner.js';
import { slotOutcomeOf } from './slot-outcome.js';

const PARKED: SlotOutcome = { kind: 'parked' };
const AGAIN: SlotOutcome = { kind: 'again' };

/** Works the delivery lane: one job is a few tries of one integration. It ends after the records of all are durable. */
@Injectable()
export class DeliveryWorker {
  /** Redis may forget who makes a try, or take this process for dead, and hand it the same try again. */
  private readonly making = new Map<TryId, Promise<SlotOutcome>>();

  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly runner: DeliveryRunner,
    private readonly directory: IntegrationDirectory,
    private readonly slots: DeliverySlots,
    private readonly order: DeliveryOrder,
    private readonly followUp: DeliveryFollowUp,
  ) {}

  @JobHandler('delivery.attempt')
  async attempt({ integrationId, tries }: TriesJob, { takenOver }: JobContext): Promise<void> {
    if (takenOver) await this.followUp.awaitRecords();
    const integration = await this.directory.forDelivery(integrationId);
    const owner = slotOwnerOf(integrationId, integration);
    const made = await Promise.allSettled(
      tries.map(async (id) => this.slots.giveBack(owner, id, await this.makeOnce(id, integration, takenOver))),
    );
    // The job comes back for those that threw; the others' logs have moved on by then.
    for (const one of made) if (one.status === 'rejected') throw one.reason;
  }

  /** A job with a try that is being made ends with it, so that it is taken over should this process die. */
  private async makeOnce(id: TryId, integration: Integration | null, takenOver: boolean): Promise<SlotOutcome> {
    const already = this.making.get(id);
    if (already) return already.then(() => PARKED);
    const making = this.makeTry(id, integration, takenOver).finally(() => this.making.delete(id));
    this.making.set(id, making);
    return making;
  }

  private async makeTry(id: TryId, integration: Integration | null, takenOver: boolean): Promise<SlotOutcome> {
    const { logId, attempt } = partsOfTry(id);
    const log = await this.logs.findForDelivery(logId);
    if (!log || !isCurrent(log, attempt)) return PARKED;
    const whyNot = integration && this.slots.whyNot(integration);
    if (whyNot) return whyNot === 'paused' ? PARKED : AGAIN;
    if (integration && !takenOver && (await this.order.mustWait(log, integration))) return PARKED;
    const { correlationId, tenantId } = log;
    return runInCallScope({ correlationId, logId, tenantId }, async () => {
      const execution = takenOver ? await this.runner.recordLost(log) : await this.runner.deliver(log);
      await this.followUp.follow(log, integration, execution);
      return slotOutcomeOf(execution);
    });
  }
}

/** A job can be out of date: the try was made by another worker, or a person's retry came in between. */
const isCurrent = ({ status, attemptCount }: IntegrationLog, attempt: number) =>
  status === 'QUEUED' && attemptCount + 1 === attempt;
