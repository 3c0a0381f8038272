import { mongo } from 'mongoose';
import { SearchTooSlowError } from './search-too-slow.error.js';

const MAX_TIME_EXPIRED = 50;

/** Gives the database a time for all queries of a search, after which it stops by itself. @throws SearchTooSlowError */
export async function withinSearchTime<T>(
  timeoutMs: number,
  search: (leftMs: () => number) => PromiseLike<T>,
): Promise<T> {
  const untilMs = performance.now() + timeoutMs;
  try {
    return await search(() => Math.max(1, Math.ceil(untilMs - performance.now())));
  } catch (error) {
    if (error instanceof mongo.MongoServerError && error.code === MAX_TIME_EXPIRED)
      throw new SearchTooSlowError(timeoutMs, error);
    throw error;
  }
}
