import { Inject, Injectable, Logger } from '@nestjs/common';
import { bounded } from '../common/bounded.js';
import type { IntegrationId, LogId, TryId } from '../common/ids.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { intervalMsOf } from '../integrations/traffic.js';
import { type DueLog, IntegrationLogStore } from '../logging/integration-log.store.js';
import { TriesJob, triesLaneOf, tryIdOf } from '../queues/jobs.js';
import { LaneQueues } from '../queues/lane-queues.js';
import { Admission, type Admitted, type SlotOwner, slotOwnerOf, type WaitingTry } from './admission.js';
import { TryOwners } from './try-owners.js';

/** A try of a log, and when it is due. */
export interface DueTry {
  readonly logId: LogId;
  readonly integrationId: IntegrationId;
  readonly attempt: number;
  readonly dueAt: Date;
}

/** Read of a backlog at a time, where nobody has counted how many there is room for. */
const USUAL_ROOM = 1_000;
/** The window gives its slots in the order of due times; no live try is due so late: a year. */
const BEHIND_LIVE_MS = 365 * 86_400_000;
/** A slot of an integration with a rate is a time: a live delivery must not find those of so long taken. */
const YIELDING_AHEAD_MS = 1_000;
/** Tries that may have their slots already are among the oldest: so many are read beyond what there is room for. */
const MOST_WITH_SLOTS = 500;
const ADMISSION_TIMEOUT_MS = 3_000;

/**
 * Queues tries: those that are due go into the lane as far as their integration has slots, and wait in MongoDB otherwise;
 * those that are due soon wake by a job of their own; later ones stay in MongoDB. Queueing a try twice makes it once.
 */
@Injectable()
export class DeliveryQueue {
  private readonly log = new Logger(DeliveryQueue.name);

  constructor(
    private readonly admission: Admission,
    private readonly lanes: LaneQueues,
    private readonly owners: TryOwners,
    private readonly logs: IntegrationLogStore,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Never fails: what could not be queued is found by the reconciler. */
  async add(tries: readonly DueTry[]): Promise<void> {
    const now = Date.now();
    const due = new Map<IntegrationId, WaitingTry[]>();
    const later: DueTry[] = [];
    for (const one of tries) {
      const { integrationId, logId, attempt, dueAt } = one;
      if (dueAt.getTime() > now) later.push(one);
      else due.set(integrationId, [...(due.get(integrationId) ?? []), { id: tryIdOf(logId, attempt), dueAt }]);
    }
    await Promise.all([
      ...[...due].map(([integrationId, waiting]) => this.addDue(integrationId, waiting)),
      this.wakeLater(later, now),
    ]);
  }

  /** Tries whose time has come. */
  async addDue(integrationId: IntegrationId, tries: readonly WaitingTry[]): Promise<void> {
    await this.orLeaveIt(`${tries.length} tries`, async () => {
      const owner = await this.ownerOf(integrationId);
      if (owner) await this.queue(integrationId, await this.admission.admit(owner, tries, 'fresh'));
    });
  }

  /**
   * How many tries that are in no hurry an integration can make now: half of its slots at the most, and a second of its
   * rate, so that live deliveries always find some; none while others wait for one, it is paused, its breaker is open or its
   * vendor asked for fewer calls.
   */
  async spareSlots(integrationId: IntegrationId): Promise<number> {
    const owner = await this.ownerOf(integrationId);
    if (!owner) return 0;
    const { inLane, waiting, limit, breaker, coolForMs } = await this.admission.look(owner);
    if (breaker !== 'closed' || coolForMs > 0 || waiting > 0) return 0;
    const intervalMs = intervalMsOf(owner.traffic?.rate ?? null);
    const atRate = intervalMs > 0 ? Math.max(1, Math.floor(YIELDING_AHEAD_MS / intervalMs)) : limit;
    return Math.max(0, Math.min(Math.ceil(limit / 2), atRate) - inLane);
  }

  /** As `addDue`, for tries that are in no hurry: of those that wait for a slot, every live one goes first. */
  async addYielding(integrationId: IntegrationId, tries: readonly DueTry[]): Promise<void> {
    if (tries.length === 0) return;
    const waiting = tries.map(({ logId, attempt, dueAt }) => ({ id: tryIdOf(logId, attempt), dueAt }));
    await this.addDue(integrationId, waiting.map(behindLive));
  }

  /**
   * Brings the oldest of an integration's backlog out of MongoDB, as far as there is room, live ones before retries of a
   * batch. Answers whether it may be made: what a person has paused stays where it is.
   */
  async refill(integrationId: IntegrationId, room = USUAL_ROOM): Promise<boolean> {
    let mayRun = true;
    await this.orLeaveIt(`The backlog of ${integrationId}`, async () => {
      const owner = await this.ownerOf(integrationId);
      mayRun = owner !== null;
      if (!owner) return;
      const limit = room + MOST_WITH_SLOTS;
      const { live, ofBatches } = await this.logs.findBacklogOf(integrationId, new Date(), limit);
      const tries = [...waitingOf(live), ...waitingOf(ofBatches).map(behindLive)];
      if (tries.length === 0) return;
      await this.queue(integrationId, await this.admission.admit(owner, tries, 'backlog', tries.length === limit));
    });
    return mayRun;
  }

  /** Puts tries that have got their slots into the lane. */
  async queue(integrationId: IntegrationId, { jobs, room }: Admitted): Promise<void> {
    await this.lanes.addAll(
      jobs.map(({ jobId, waitMs, tries }) => ({
        name: attemptIn[triesLaneOf(integrationId)],
        payload: jobOf(integrationId, tries),
        jobId,
        delayMs: waitMs,
      })),
    );
    // Nobody who emits has to wait for what others emitted before.
    if (room > 0) void this.refill(integrationId, room);
  }

  private async wakeLater(tries: readonly DueTry[], now: number): Promise<void> {
    const near = tries.filter(({ dueAt }) => dueAt.getTime() - now <= this.settings.delivery.queueAheadMs);
    await this.lanes.addAll(
      near.map(({ logId, integrationId, attempt, dueAt }) => ({
        name: dueIn[triesLaneOf(integrationId)],
        payload: jobOf(integrationId, [tryIdOf(logId, attempt)]),
        jobId: `due-${tryIdOf(logId, attempt)}`,
        delayMs: dueAt.getTime() - now,
      })),
    );
  }

  /** `null` while a person has paused it. Of a deleted one the deliveries still run, and FAIL with that reason. */
  private async ownerOf(integrationId: IntegrationId): Promise<SlotOwner | null> {
    const integration = await this.owners.find(integrationId);
    return integration?.pause ? null : slotOwnerOf(integrationId, integration);
  }

  private async orLeaveIt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await bounded(work(), ADMISSION_TIMEOUT_MS, `Queueing ${what}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.log.warn(`${what} could not be queued yet, the reconciler will do it: ${reason}`);
    }
  }
}

const attemptIn = { delivery: 'delivery.attempt', inbound: 'inbound.attempt' } as const;
const dueIn = { delivery: 'delivery.due', inbound: 'inbound.due' } as const;

const jobOf = (integrationId: IntegrationId, tries: readonly TryId[]) =>
  Object.assign(new TriesJob(), { integrationId, tries: [...tries] });

const waitingOf = (logs: readonly DueLog[]): WaitingTry[] =>
  logs.flatMap(({ _id, attemptCount, nextAttemptAt }) =>
    nextAttemptAt ? [{ id: tryIdOf(_id, attemptCount + 1), dueAt: nextAttemptAt }] : [],
  );

const behindLive = ({ id, dueAt }: WaitingTry): WaitingTry => ({
  id,
  dueAt: new Date(dueAt.getTime() + BEHIND_LIVE_MS),
});
