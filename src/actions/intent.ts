import type { ActionContext } from './action-context.js';

/**
 * Code that re-reads live records and returns the data to send. It runs at dispatch and at every retry, so what it
 * returns is always what the records say now.
 *
 * - Returns the data, as plain JSON-like values.
 * - Returns `null` when the record is gone: the delivery FAILs and no call is made.
 * - Throws `IntentRejectedError` when the record cannot be sent until a person corrects it: the delivery FAILs.
 * - Throws anything else when its own store could not be read: the delivery is tried again later.
 */
export interface Intent<C extends ActionContext> {
  rebuild(context: C): Promise<unknown>;
}
