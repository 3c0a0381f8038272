import { isRecord } from '../../common/primitives.js';
import type { CallSource } from './call-source.js';

/** A job as BullMQ hands it to a processor, by its form: a host may have a BullMQ of its own. */
interface Job extends Record<string, unknown> {
  readonly name: string;
  readonly attemptsMade: number;
}

export const isJob = (value: unknown): value is Job =>
  isRecord(value) &&
  typeof value['name'] === 'string' &&
  typeof value['attemptsMade'] === 'number' &&
  typeof value['queueName'] === 'string' &&
  'data' in value;

/** The lock and the abort signal, which come beside the job, are the queue's own affair. */
export function jobSource({ queueName, name, id, attemptsMade, data }: Job): CallSource {
  return {
    method: 'JOB',
    url: `${String(queueName)}/${name}/${String(id)}`,
    headers: {},
    contentType: null,
    parts: { body: { queue: queueName, name, id, attemptsMade, data } },
    idsIn: ({ body }) => [
      ...(typeof id === 'string' ? [{ jobId: id }] : []),
      ...(isRecord(body) ? [body['data']] : []),
    ],
  };
}

/** What a processor throws once it has moved its job elsewhere: it is no failure. */
const MOVES = new Set(['DelayedError', 'RateLimitError', 'WaitingChildrenError', 'WaitingError']);

export const isJobMove = (error: unknown): error is Error =>
  error instanceof Error && MOVES.has(error.constructor.name);
