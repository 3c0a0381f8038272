import type { ClientSession } from 'mongoose';
import { isRecord } from '../common/primitives.js';

/**
 * Whether the session's last transaction was committed. The driver keeps this in a field that its types leave out and
 * offers no other way to ask (its `isCommitted` is true of an aborted one as well); where a later driver lacks the field the answer is `false`.
 */
export function wasCommitted(session: ClientSession): boolean {
  const transaction: unknown = Reflect.get(session, 'transaction');
  return isRecord(transaction) && transaction['state'] === 'TRANSACTION_COMMITTED';
}
