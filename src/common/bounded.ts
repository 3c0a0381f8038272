import { OperationTimeoutError } from './operation-timeout.error.js';

/** What one round of writes or reads of Waybill's own may take, in milliseconds, on a slow day. */
export const DATABASE_TIMEOUT_MS = 10_000;

/** What a host's own code may take to re-read records or to make a file, in milliseconds. */
export const HOST_TIMEOUT_MS = 60_000;

/**
 * Gives an operation's result, or rejects once the time is over. The operation itself goes on unheard: only what can be
 * done twice may be bounded so.
 * @throws OperationTimeoutError
 */
export function bounded<T>(operation: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new OperationTimeoutError(what, timeoutMs)), timeoutMs);
    void operation.then(resolve, reject).then(() => clearTimeout(timer));
  });
}
