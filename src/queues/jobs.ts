import type { ClassConstructor } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, Equals, IsArray, Matches } from 'class-validator';
import { RECEIVER_PATTERN } from '../common/callback-receiver.js';
import { asLogId, asTryId, type IntegrationId, type LogId, type TryId } from '../common/ids.js';
import { isRecord } from '../common/primitives.js';

export const tryIdOf = (logId: LogId, attempt: number) => asTryId(`${logId}-${attempt}`);

/** The log and the number of the try, from 1. */
export function partsOfTry(id: TryId): { logId: LogId; attempt: number } {
  const dash = id.lastIndexOf('-');
  return { logId: asLogId(id.slice(0, dash)), attempt: Number(id.slice(dash + 1)) };
}

/** Few enough to be at work at the same time and to be taken over together, many enough to share a job's cost. */
export const MAX_TRIES_PER_JOB = 16;

/**
 * Tries that a process has in a lane for each call that it can make: the others are being read or recorded meanwhile, and
 * the more they are, the more of them share a query or a write.
 */
export const TRIES_PER_CALL = 4;

/** The form of a job's data. A changed form is a new number, and the old one is still understood until none is left. */
const TRIES_V = 1;
const INTEGRATION_ID = /^(?:int|src)_[0-9a-f]{32}$/;
const TRY_ID = /^log_[0-9a-f]{32}-[1-9]\d{0,8}$/;
const LOG_ID = /^log_[0-9a-f]{32}$/;

/** Tries of one integration's deliveries, or of one source's webhooks: ids only. Everything else is read when the job runs. */
export class TriesJob {
  @Equals(TRIES_V)
  v: typeof TRIES_V = TRIES_V;

  @Matches(INTEGRATION_ID)
  integrationId!: IntegrationId;

  /** A try whose number is not its log's next one is out of date. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_TRIES_PER_JOB)
  @Matches(TRY_ID, { each: true })
  tries!: TryId[];

  /**
   * Whether data is of this form, seen at a glance: `parseShape` says the same of it, and what is wrong, for twenty times
   * the cost, which a worker would pay all the time.
   */
  static isFormOf(data: unknown): data is TriesJob {
    if (!isRecord(data) || Object.keys(data).length !== 3) return false;
    const { v, integrationId, tries } = data;
    return (
      v === TRIES_V &&
      typeof integrationId === 'string' &&
      INTEGRATION_ID.test(integrationId) &&
      Array.isArray(tries) &&
      tries.length >= 1 &&
      tries.length <= MAX_TRIES_PER_JOB &&
      tries.every((id) => typeof id === 'string' && TRY_ID.test(id))
    );
  }
}

const STATUS_V = 1;

/** What a receiver has still to be told of a log: which statuses is read when the job runs. */
export class StatusJob {
  @Equals(STATUS_V)
  v: typeof STATUS_V = STATUS_V;

  @Matches(RECEIVER_PATTERN)
  receiver!: string;

  @Matches(LOG_ID)
  logId!: LogId;

  static isFormOf(data: unknown): data is StatusJob {
    if (!isRecord(data) || Object.keys(data).length !== 3) return false;
    const { v, receiver, logId } = data;
    return (
      v === STATUS_V &&
      typeof receiver === 'string' &&
      RECEIVER_PATTERN.test(receiver) &&
      typeof logId === 'string' &&
      LOG_ID.test(logId)
    );
  }
}

type JobShape = ClassConstructor<object> & { isFormOf(data: unknown): data is object };

/** Every kind of job with the class of its data. A name without a class does not compile. */
export const JOB_SHAPES = {
  /** Tries that have their slots: they are made at once. */
  'delivery.attempt': TriesJob,
  /** Tries that fall due when the job wakes: they ask for their slots then. */
  'delivery.due': TriesJob,
  /** The same of webhooks. */
  'inbound.attempt': TriesJob,
  'inbound.due': TriesJob,
  'status.tell': StatusJob,
} satisfies Record<string, JobShape>;

export type JobName = keyof typeof JOB_SHAPES;
export type JobPayload<N extends JobName> = InstanceType<(typeof JOB_SHAPES)[N]>;

/** One queue for each kind of work that must not wait for another kind. */
export const LANES = ['delivery', 'inbound', 'status'] as const;
export type Lane = (typeof LANES)[number];

/** The lanes whose jobs are tries that need slots. */
export const TRIES_LANES = ['delivery', 'inbound'] as const satisfies Lane[];
export type TriesLane = (typeof TRIES_LANES)[number];

export const isTriesLane = (lane: Lane): lane is TriesLane => TRIES_LANES.some((one) => one === lane);

export const triesLaneOf = (id: IntegrationId): TriesLane => (id.startsWith('src_') ? 'inbound' : 'delivery');

/** Where in its lane a job can be: taken by a worker, next, or waiting for its time. */
export const JOB_STATES = ['active', 'waiting', 'delayed'] as const;
export type JobState = (typeof JOB_STATES)[number];

export const LANE_OF: Readonly<Record<JobName, Lane>> = {
  'delivery.attempt': 'delivery',
  'delivery.due': 'delivery',
  'inbound.attempt': 'inbound',
  'inbound.due': 'inbound',
  'status.tell': 'status',
};

export const isJobName = (name: string): name is JobName => Object.hasOwn(JOB_SHAPES, name);

export const JOB_NAMES: readonly JobName[] = Object.keys(JOB_SHAPES).filter(isJobName);
