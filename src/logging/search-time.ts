import { mongo } from 'mongoose';
import { SearchTooSlowError } from './search-too-slow.error.js';

const MAX_TIME_EXPIRED = 50;

/** Gives the database a time for a search, after which it stops by itself. @throws SearchTooSlowError */
export async function withinSearchTime<T>(
  timeoutMs: number,
  search: (maxTimeMS: number) => PromiseLike<T>,
): Promise<T> {
  try {
    return await search(timeoutMs);
  } catch (error) {
    if (error instanceof mongo.MongoServerError && error.code === MAX_TIME_EXPIRED)
      throw new SearchTooSlowError(timeoutMs, error);
    throw error;
  }
}
