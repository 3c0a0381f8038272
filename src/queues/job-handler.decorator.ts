import type { JobName, JobPayload } from './jobs.js';

export const JOB_HANDLER = 'waybill:job-handler';

/** What a handler may ask about its job besides the data. */
export interface JobContext {
  /** The job was started before and its process died, or stopped answering, before it ended. */
  readonly takenOver: boolean;
}

export type JobHandlerMethod<N extends JobName> = (payload: JobPayload<N>, context: JobContext) => Promise<void>;

/** Marks the one method that works on jobs of this name. Found at start; a second or a missing one refuses the start. */
export const JobHandler =
  <N extends JobName>(name: N) =>
  (target: object, key: string, _descriptor: TypedPropertyDescriptor<JobHandlerMethod<N>>): void => {
    Reflect.defineMetadata(JOB_HANDLER, { name, key }, target.constructor);
  };
