import { Injectable } from '@nestjs/common';
import { runInCallScope } from '../common/call-scope.js';
import type { LogId, TryId } from '../common/ids.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import type { Execution } from '../logging/log-entry.js';
import { isHandledAtOnce } from '../logging/received/first-handling.js';
import type { JobContext } from '../queues/job-handler.decorator.js';
import { partsOfTry, type TriesJob } from '../queues/jobs.js';
import { type SlotOutcome, slotOwnerOf } from '../scheduling/admission.js';
import { DeliverySlots } from '../scheduling/delivery-slots.js';
import { type TryOwner, TryOwners } from '../scheduling/try-owners.js';
import { DeliveryFollowUp } from './delivery-follow-up.js';
import { DeliveryOrder } from './delivery-order.js';
import { slotOutcomeOf } from './slot-outcome.js';

const PARKED: SlotOutcome = { kind: 'parked' };
const AGAIN: SlotOutcome = { kind: 'again' };

/** What a try of one lane is. Both resolve once the record of the try is durable. */
export interface TryMaker {
  deliver(log: IntegrationLog): Promise<Execution>;
  /** The record of a try whose process died in the middle of it. */
  recordLost(log: IntegrationLog): Promise<Execution>;
}

/** Works a job of tries of one owner. It ends after the records of all are durable. */
@Injectable()
export class TryWorker {
  /** Redis may forget who makes a try, or take this process for dead, and hand it the same try again. */
  private readonly making = new Map<TryId, Promise<SlotOutcome>>();

  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly owners: TryOwners,
    private readonly slots: DeliverySlots,
    private readonly order: DeliveryOrder,
    private readonly followUp: DeliveryFollowUp,
  ) {}

  async work({ integrationId, tries }: TriesJob, { takenOver }: JobContext, maker: TryMaker): Promise<void> {
    if (takenOver) await this.followUp.awaitRecords();
    const owner = await this.owners.find(integrationId);
    const slotOwner = slotOwnerOf(integrationId, owner);
    const made = await Promise.allSettled(
      tries.map(async (id) => this.slots.giveBack(slotOwner, id, await this.makeOnce(id, owner, { takenOver, maker }))),
    );
    // The job comes back for those that threw; the others' logs have moved on by then.
    for (const one of made) if (one.status === 'rejected') throw one.reason;
  }

  /** A job with a try that is being made ends with it, so that it is taken over should this process die. */
  private async makeOnce(id: TryId, owner: TryOwner | null, turn: Turn): Promise<SlotOutcome> {
    const already = this.making.get(id);
    if (already) return already.then(() => PARKED);
    const making = this.makeTry(id, owner, turn).finally(() => this.making.delete(id));
    this.making.set(id, making);
    return making;
  }

  private async makeTry(id: TryId, owner: TryOwner | null, { takenOver, maker }: Turn): Promise<SlotOutcome> {
    const { logId, attempt } = partsOfTry(id);
    const { log, lost } = await this.read(logId, takenOver);
    if (!log || !isCurrent(log, attempt)) return PARKED;
    const whyNot = owner && this.slots.whyNot(owner);
    if (whyNot) return whyNot === 'paused' ? PARKED : AGAIN;
    if (owner && !lost && (await this.order.mustWait(log, owner))) return PARKED;
    const { correlationId, tenantId } = log;
    return runInCallScope({ correlationId, logId, tenantId }, async () => {
      const execution = await (lost ? maker.recordLost(log) : maker.deliver(log));
      await this.followUp.follow(log, owner, execution);
      return slotOutcomeOf(execution);
    });
  }

  /** `lost`: whether a process had the try that is due, and did not record it. */
  private async read(logId: LogId, takenOver: boolean): Promise<{ log: IntegrationLog | null; lost: boolean }> {
    const log = await this.logs.findForDelivery(logId);
    if (takenOver || !log || !isHandledAtOnce(log)) return { log, lost: takenOver };
    await this.followUp.awaitRecords();
    return { log: await this.logs.findForDelivery(logId), lost: true };
  }
}

interface Turn {
  readonly takenOver: boolean;
  readonly maker: TryMaker;
}

/** A job can be out of date: the try was made by another worker, or a person's retry came in between. */
const isCurrent = ({ status, attemptCount }: IntegrationLog, attempt: number) =>
  status === 'QUEUED' && attemptCount + 1 === attempt;
