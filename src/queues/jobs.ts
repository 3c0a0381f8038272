import type { ClassConstructor } from 'class-transformer';
import { Equals, IsInt, IsString, Matches, Min } from 'class-validator';
import { isRecord } from '../common/primitives.js';

/** The form of a job's data. A changed form is a new number, and the old one is still understood until none is left. */
const DELIVERY_ATTEMPT_V = 1;

const LOG_ID = /^log_[0-9a-f]{32}$/;

/** One try of one delivery: ids only. Everything else is read when the job runs. */
export class DeliveryAttemptJob {
  @Equals(DELIVERY_ATTEMPT_V)
  v: typeof DELIVERY_ATTEMPT_V = DELIVERY_ATTEMPT_V;

  @IsString()
  tenantId!: string;

  @Matches(LOG_ID)
  logId!: string;

  /** The number of the try, from 1. A job whose number is not the log's next one is out of date. */
  @IsInt()
  @Min(1)
  attempt!: number;

  /**
   * Whether data is of this form, seen at a glance: `parseShape` says the same of it, and what is wrong, for twenty times
   * the cost, which a worker would pay for each delivery.
   */
  static isFormOf(data: unknown): data is DeliveryAttemptJob {
    if (!isRecord(data) || Object.keys(data).length !== 4) return false;
    const { v, tenantId, logId, attempt } = data;
    return (
      v === DELIVERY_ATTEMPT_V &&
      typeof tenantId === 'string' &&
      typeof logId === 'string' &&
      LOG_ID.test(logId) &&
      Number.isInteger(attempt) &&
      Number(attempt) >= 1
    );
  }
}

type JobShape = ClassConstructor<object> & { isFormOf(data: unknown): data is object };

/** Every kind of job with the class of its data. A name without a class does not compile. */
export const JOB_SHAPES = {
  'delivery.attempt': DeliveryAttemptJob,
} satisfies Record<string, JobShape>;

export type JobName = keyof typeof JOB_SHAPES;
export type JobPayload<N extends JobName> = InstanceType<(typeof JOB_SHAPES)[N]>;

/** One queue for each kind of work that must not wait for another kind. */
export const LANES = ['delivery'] as const;
export type Lane = (typeof LANES)[number];

export const LANE_OF: Readonly<Record<JobName, Lane>> = { 'delivery.attempt': 'delivery' };

export const isJobName = (name: string): name is JobName => Object.hasOwn(JOB_SHAPES, name);

export const JOB_NAMES: readonly JobName[] = Object.keys(JOB_SHAPES).filter(isJobName);
