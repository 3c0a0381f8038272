import { Error as MongooseErrors, mongo } from 'mongoose';

export const DUPLICATE_KEY = 11_000;

export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;

/**
 * Runs an unordered insert whose documents have deterministic ids, and answers with the positions of those that were
 * there already. Any other failure is thrown.
 */
export async function insertMissing(insert: () => Promise<unknown>): Promise<ReadonlySet<number>> {
  try {
    await insert();
    return new Set();
  } catch (error) {
    if (isDuplicateKey(error) && !(error instanceof mongo.MongoBulkWriteError)) return new Set([0]);
    if (!(error instanceof mongo.MongoBulkWriteError)) throw error;
    const failures = [error.writeErrors].flat();
    if (failures.length === 0 || failures.some(({ code }) => code !== DUPLICATE_KEY)) throw error;
    return new Set(failures.map(({ index }) => index));
  }
}

/** The database is away, as opposed to having refused what it was asked. */
export const isDatabaseUnavailable = (error: unknown): boolean =>
  error instanceof mongo.MongoNetworkError ||
  error instanceof mongo.MongoServerSelectionError ||
  error instanceof mongo.MongoNotConnectedError ||
  error instanceof mongo.MongoTopologyClosedError ||
  error instanceof mongo.MongoOperationTimeoutError ||
  error instanceof MongooseErrors.MongooseServerSelectionError ||
  (error instanceof mongo.MongoError && error.hasErrorLabel('RetryableWriteError'));
