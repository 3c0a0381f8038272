import { mongo } from 'mongoose';
import { bounded } from '../common/bounded.js';
import { OperationTimeoutError } from '../common/operation-timeout.error.js';

const OPERATIONS = Object.getOwnPropertyNames(mongo.Collection.prototype).filter((name) => name !== 'constructor');
/** Of a cursor, what asks the server; its other ways to documents lead through these. */
const CURSOR_OPERATIONS = ['next', 'close'];

/**
 * Makes every operation of a collection end, also those of mongoose's models, which go through the same object.
 *
 * MongoDB's driver needs it: an operation that is about to be written while its connection closes is never answered
 * (mongodb 7.8, `Connection.writeCommand` waits for the drain of a destroyed socket), and no option bounds that. It ends as
 * one whose answer was lost.
 * @param timeoutMs asked anew for each operation: it is known once there is a connection.
 */
export function makeOperationsEnd(collection: { readonly name: string }, timeoutMs: () => number): void {
  replaceEach(collection, OPERATIONS, (result, name) => {
    const what = `${name} of ${collection.name}`;
    if (result instanceof mongo.AbstractCursor)
      replaceEach(result, CURSOR_OPERATIONS, (asked) =>
        asked instanceof Promise ? ended(asked, timeoutMs(), what) : asked,
      );
    return result instanceof Promise ? ended(result, timeoutMs(), what) : result;
  });
}

/** @throws MongoNetworkTimeoutError where there is no answer in time, as the driver does. */
export async function ended<T>(operation: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  try {
    return await bounded(operation, timeoutMs, what);
  } catch (error) {
    if (error instanceof OperationTimeoutError)
      throw new mongo.MongoNetworkTimeoutError(error.message, { cause: error });
    throw error;
  }
}

function replaceEach(of: object, names: readonly string[], change: (result: unknown, name: string) => unknown): void {
  for (const name of names) {
    const method: unknown = Reflect.get(of, name);
    if (typeof method !== 'function') continue;
    Reflect.set(of, name, (...args: unknown[]) => change(Reflect.apply(method, of, args), name));
  }
}
