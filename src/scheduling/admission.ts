import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { asTenantId, asTryId, type IntegrationId, type TenantId, type TryId } from '../common/ids.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { DEFAULT_TRAFFIC, intervalMsOf, type Traffic } from '../integrations/traffic.js';
import { MAX_TRIES_PER_JOB, TRIES_LANES, TRIES_PER_CALL, triesLaneOf } from '../queues/jobs.js';
import { LaneQueues } from '../queues/lane-queues.js';
import { RedisConnections } from '../storage/redis-connections.js';
import { RedisScript } from '../queues/redis-script.js';
import { admissionKeysOf, admissionPrefixOf } from './admission-keys.js';
import { ADMIT, LOOK, RELEASE } from './admission.scripts.js';
import type { TryOwner } from './try-owners.js';

/** Whose slots: an integration that was deleted has no traffic rules left. */
export interface SlotOwner {
  readonly integrationId: IntegrationId;
  readonly tenantId: TenantId;
  readonly traffic: Traffic | null;
}

const NO_TENANT_LEFT = asTenantId('deleted');

export const slotOwnerOf = (integrationId: IntegrationId, integration: TryOwner | null): SlotOwner => ({
  integrationId,
  tenantId: integration?.tenantId ?? NO_TENANT_LEFT,
  traffic: integration?.traffic ?? null,
});

/** Tries that go into the lane together, as one job. */
interface AdmittedJob {
  readonly jobId: string;
  readonly waitMs: number;
  readonly tries: TryId[];
}

/** A try that is due, and since when. */
export interface WaitingTry {
  readonly id: TryId;
  readonly dueAt: Date;
}

export interface Admitted {
  readonly jobs: readonly AdmittedJob[];
  /** How many of the backlog in MongoDB are to be brought now; 0: none. */
  readonly room: number;
}

/** What became of a try, as far as the vendor's health goes. */
export type SlotOutcome =
  /** The vendor answered, whatever it said. */
  | { readonly kind: 'ok' }
  /** It did not, or not as a vendor in good health would. */
  | { readonly kind: 'failed' }
  /** It asked for fewer calls: none for so many milliseconds; 0: it did not say how many. */
  | { readonly kind: 'cool'; readonly forMs: number }
  /** It was not called, and there is nothing to do for this try now. */
  | { readonly kind: 'parked' }
  /** It was not called, because its breaker opened or it asked for fewer calls: the try waits for another slot. */
  | { readonly kind: 'again' };

export interface ReleasedTry {
  readonly id: TryId;
  readonly outcome: SlotOutcome;
}

export interface Released extends Admitted {
  /** Until the breaker lets a probe through, in milliseconds; 0: it is closed, or due for a probe. */
  readonly openForMs: number;
  readonly change: 'opened' | 'closed' | null;
  /** Since the breaker opened first, in milliseconds; 0: it is closed. */
  readonly openSinceMs: number;
  /** Until a vendor that throttles is called again, in milliseconds. */
  readonly coolForMs: number;
}

/** The gate of an integration as it stands. */
export interface GateState {
  readonly inLane: number;
  /** In Redis, for a slot. */
  readonly waiting: number;
  readonly limit: number;
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly probeInMs: number;
  readonly openSinceMs: number;
  readonly coolForMs: number;
}

const WORKER_TTL_MS = 15_000;

/**
 * Decides which tries may be in the lane: per integration and across all processes so many at a time, so many in a span of
 * time, few where the vendor is slow, two where its breaker is open or it throttles. What it keeps in Redis can be lost: then the reconciler
 * asks again, and breakers start closed.
 */
@Injectable()
export class Admission {
  private readonly admitScript: RedisScript;
  private readonly releaseScript: RedisScript;
  private readonly lookScript: RedisScript;
  private readonly redis: Redis;
  private readonly redisPrefix: string;
  private readonly worker: string;

  constructor(
    connections: RedisConnections,
    private readonly lanes: LaneQueues,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.redis = connections.forQueues();
    this.worker = `${randomUUID()}|${settings.delivery.concurrency}`;
    this.redisPrefix = settings.redis.prefix;
    this.admitScript = new RedisScript(this.redis, ADMIT);
    this.releaseScript = new RedisScript(this.redis, RELEASE);
    this.lookScript = new RedisScript(this.redis, LOOK);
  }

  /** `fresh` tries queue behind a backlog; `backlog`: they are its oldest, and `more` says whether it goes on. */
  async admit(
    owner: SlotOwner,
    tries: readonly WaitingTry[],
    from: 'fresh' | 'backlog',
    more = false,
  ): Promise<Admitted> {
    const jobId = randomUUID();
    const answer = listOf(
      await this.admitScript.run(this.keysOf(owner), [
        ...this.argumentsOf(owner, jobId),
        from,
        more ? 1 : 0,
        ...tries.flatMap(({ id, dueAt }) => [id, dueAt.getTime()]),
      ]),
    );
    return { jobs: jobsIn(answer.slice(1), jobId), room: Number(answer[0]) };
  }

  async release(owner: SlotOwner, tries: readonly ReleasedTry[]): Promise<Released> {
    const { breaker } = owner.traffic ?? DEFAULT_TRAFFIC;
    const jobId = randomUUID();
    const [room, openForMs, change, openSinceMs, coolForMs, ...filled] = listOf(
      await this.releaseScript.run(this.keysOf(owner), [
        ...this.argumentsOf(owner, jobId),
        breaker.failureRatio,
        breaker.minCalls,
        breaker.windowMs,
        breaker.openMs,
        ...tries.flatMap(({ id, outcome }) => [id, outcome.kind, outcome.kind === 'cool' ? outcome.forMs : 0]),
      ]),
    );
    return {
      jobs: jobsIn(filled, jobId),
      room: Number(room),
      openForMs: Number(openForMs),
      openSinceMs: Number(openSinceMs),
      coolForMs: Number(coolForMs),
      change: change === 'opened' || change === 'closed' ? change : null,
    };
  }

  async look(owner: SlotOwner): Promise<GateState> {
    const answer = listOf(await this.lookScript.run(this.keysOf(owner), this.argumentsOf(owner, '')));
    const [inLane = 0, limit = 0, probeInMs = 0, openSinceMs = 0, coolForMs = 0, open = 0, waiting = 0] =
      answer.map(Number);
    const breaker = open === 0 ? 'closed' : probeInMs > 0 ? 'open' : 'half-open';
    return { inLane, waiting, limit, breaker, probeInMs, openSinceMs, coolForMs };
  }

  /** Tells how many calls this process makes at a time; holds for 15 seconds. */
  async reportSlots(): Promise<void> {
    const [seconds = 0] = await this.redis.time();
    const until = seconds * 1_000 + WORKER_TTL_MS;
    await Promise.all(this.workersKeys().map((key) => this.redis.zadd(key, until, this.worker)));
  }

  async withdrawSlots(): Promise<void> {
    await Promise.all(this.workersKeys().map((key) => this.redis.zrem(key, this.worker)));
  }

  private workersKeys(): string[] {
    return TRIES_LANES.map((lane) => `${admissionPrefixOf(this.redisPrefix, lane)}:workers`);
  }

  private keysOf({ integrationId, tenantId }: SlotOwner): string[] {
    const prefix = admissionPrefixOf(this.redisPrefix, triesLaneOf(integrationId));
    const { slots, jobs, gate, window } = admissionKeysOf(prefix, integrationId);
    return [slots, jobs, gate, `${prefix}:${tenantId}:crowd`, `${prefix}:workers`, window];
  }

  private argumentsOf({ integrationId, traffic }: SlotOwner, jobId: string): (string | number)[] {
    const { rate, concurrency } = traffic ?? DEFAULT_TRAFFIC;
    const { delivery } = this.settings;
    const laneJobs = this.lanes.queue(triesLaneOf(integrationId)).toKey('');
    return [
      ...[integrationId, laneJobs, delivery.concurrency, concurrency ?? 0],
      ...[intervalMsOf(rate), rate?.burst ?? 1, delivery.queueAheadMs],
      ...[`${jobId}-`, MAX_TRIES_PER_JOB, TRIES_PER_CALL],
    ];
  }
}

/** The scripts answer with try, wait and job number for each try that got a slot. */
function jobsIn(filled: readonly unknown[], jobId: string): AdmittedJob[] {
  const jobs = new Map<string, AdmittedJob>();
  for (let index = 0; index + 2 < filled.length; index += 3) {
    const id = `${jobId}-${String(filled[index + 2])}`;
    const job = jobs.get(id) ?? { jobId: id, waitMs: Number(filled[index + 1]), tries: [] };
    job.tries.push(asTryId(String(filled[index])));
    jobs.set(id, job);
  }
  return [...jobs.values()];
}

const listOf = (answer: unknown): unknown[] => (Array.isArray(answer) ? answer : []);
