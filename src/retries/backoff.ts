import type { RetryPolicy } from '../integrations/integration.js';
import { httpDateMs } from './http-date.js';

/** A vendor that asks for more is asked again after this: 24 hours. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * The wait before the try after `tries` tries, in milliseconds: exponential with full jitter, `random * min(max, base * 2^(tries-1))`,
 * so that deliveries that failed together do not come back together.
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 * Where the policy lists its waits, it is the one after this try, exactly.
 *
 * @param tries tries already made in this budget, from 1
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function backoffMs(
  policy: Pick<RetryPolicy, 'baseDelayMs' | 'maxDelayMs'> & Partial<Pick<RetryPolicy, 'waitsMs'>>,
  tries: number,
  random: number,
): number {
  const { waitsMs } = policy;
  if (waitsMs) return waitsMs[tries - 1] ?? 0;
  return Math.round(random * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (tries - 1)));
}

/**
 * `Retry-After` in milliseconds from now: delay-seconds or an HTTP-date in any of its forms (RFC 9110, section 10.2.3), capped at 24 hours;
 * `null` where the header is absent or is neither.
 */
export function retryAfterMs(header: string | undefined, now: Date): number | null {
  const value = header?.trim() ?? '';
  const askedMs = /^\d{1,10}$/.test(value) ? Number(value) * 1_000 : httpDateMs(value, now) - now.getTime();
  return Number.isFinite(askedMs) ? Math.min(MAX_RETRY_AFTER_MS, Math.max(0, askedMs)) : null;
}
