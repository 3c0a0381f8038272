import type { ErrorClass } from '../common/error-class.js';
import type { RetryPolicy } from '../integrations/integration.js';
import { backoffMs } from './backoff.js';
import { ERROR_CLASS_RULES } from './error-class.rules.js';

export interface FailedTry {
  readonly errorClass: ErrorClass;
  /** Overrules the class: an intent whose own store was down is worth another try, a missing record is not. */
  readonly retryable?: boolean;
  /** How long the vendor asked us to wait. */
  readonly retryAfterMs: number | null;
  /** Tries made in this budget, this one included. */
  readonly tries: number;
}

/** When the next try is due; `null` where the delivery gives up. */
export function nextTryAt(policy: RetryPolicy, failed: FailedTry, now: Date, random: number): Date | null {
  const retried = failed.retryable ?? ERROR_CLASS_RULES[failed.errorClass].retried;
  if (!retried || failed.tries >= triesOf(policy)) return null;
  const waitMs = Math.max(failed.retryAfterMs ?? 0, backoffMs(policy, failed.tries, random));
  return new Date(now.getTime() + waitMs);
}

const triesOf = ({ waitsMs, maxAttempts }: RetryPolicy) => (waitsMs ? waitsMs.length + 1 : maxAttempts);

/** After this the delivery is pointless; `null` where it never is. */
export const deadlineOf = ({ deadlineMs }: RetryPolicy, occurredAt: Date): Date | null =>
  deadlineMs ? new Date(occurredAt.getTime() + deadlineMs) : null;
