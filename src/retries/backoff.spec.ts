import fc from 'fast-check';
import { RetryPolicyInput } from '../integrations/integration-input.dto.js';
import { backoffMs, retryAfterMs } from './backoff.js';
import { deadlineOf, nextTryAt } from './retry-decision.js';

const policy = { maxAttempts: 20, baseDelayMs: 10_000, maxDelayMs: 14_400_000, waitsMs: null, deadlineMs: null };
const NOW = new Date('2026-03-01T12:00:00Z');

describe('backoffMs', () => {
  it('spreads over the whole of an exponentially growing, capped window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (tries, random) => {
        const windowMs = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (tries - 1));
        const waitMs = backoffMs(policy, tries, random);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(windowMs);
        expect(waitMs).toBe(Math.round(random * windowMs));
      }),
    );
  });

  it('spans about a day by the default policy, as its docstring says', () => {
    const byDefault = new RetryPolicyInput();
    const windows = Array.from({ length: byDefault.maxAttempts - 1 }, (_, index) => backoffMs(byDefault, index + 1, 1));
    const maximalMs = windows.reduce((sum, windowMs) => sum + windowMs, 0);
    expect(maximalMs).toBe((20_470 + 8 * 14_400) * 1_000);
    expect(maximalMs / 3_600_000).toBeCloseTo(37.7, 1);
    expect(maximalMs / 2 / 3_600_000).toBeCloseTo(18.8, 1);
    // Of a value that is even over a window w, the variance is w^2 / 12.
    const deviationMs = Math.sqrt(windows.reduce((sum, windowMs) => sum + windowMs ** 2 / 12, 0));
    expect(deviationMs / 3_600_000).toBeCloseTo(3.4, 1);
  });

  it('waits exactly as long as the policy lists', () => {
    const listed = { ...policy, waitsMs: [100, 5_000, 60_000] };
    expect([1, 2, 3].map((tries) => backoffMs(listed, tries, 0.5))).toEqual([100, 5_000, 60_000]);
  });
});

describe('retryAfterMs', () => {
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['Sunday, 01-Mar-26 12:00:30 GMT', 30_000],
    ['Sun Mar  1 12:00:30 2026', 30_000],
    ['999999999', 86_400_000],
    ['soon', null],
    ['-5', null],
    ['1.5', null],
    ['', null],
    [undefined, null],
  ])('%p is %p ms', (header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });

  it('reads every whole number of seconds and every HTTP-date, and caps both', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200_000 }), (seconds) => {
        const expected = Math.min(86_400_000, seconds * 1_000);
        expect(retryAfterMs(String(seconds), NOW)).toBe(expected);
        expect(retryAfterMs(new Date(NOW.getTime() + seconds * 1_000).toUTCString(), NOW)).toBe(expected);
      }),
    );
  });
});

describe('nextTryAt', () => {
  const failed = { errorClass: 'transient', retryAfterMs: null, tries: 1 } as const;

  it('gives up once the policy has no tries left', () => {
    expect(nextTryAt(policy, { ...failed, tries: 19 }, NOW, 0.5)).not.toBeNull();
    expect(nextTryAt(policy, { ...failed, tries: 20 }, NOW, 0.5)).toBeNull();
  });

  it('makes one try more than the policy lists waits', () => {
    const listed = { ...policy, maxAttempts: 50, waitsMs: [100, 5_000] };
    const due = [1, 2, 3].map((tries) => nextTryAt(listed, { ...failed, tries }, NOW, 0.5)?.getTime());
    expect(due).toEqual([NOW.getTime() + 100, NOW.getTime() + 5_000, undefined]);
    expect(nextTryAt({ ...policy, waitsMs: [] }, failed, NOW, 0.5)).toBeNull();
  });

  it.each([
    ['transient', true],
    ['throttled', true],
    ['unknown', true],
    ['auth', false],
    ['rejected', false],
    ['gone', false],
    ['intent', false],
    ['config', false],
  ] as const)('class %s is tried again by itself: %s', (errorClass, retried) => {
    expect(nextTryAt(policy, { ...failed, errorClass }, NOW, 0.5) !== null).toBe(retried);
  });

  it('lets a failure overrule its class: an intent whose store was down is worth another try', () => {
    expect(nextTryAt(policy, { ...failed, errorClass: 'intent', retryable: true }, NOW, 0.5)).not.toBeNull();
  });

  it('never comes back before the vendor asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 86_400_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (askedMs, random) => {
          const next = nextTryAt(policy, { ...failed, errorClass: 'throttled', retryAfterMs: askedMs }, NOW, random);
          expect(next?.getTime()).toBeGreaterThanOrEqual(NOW.getTime() + askedMs);
        },
      ),
    );
  });
});

describe('deadlineOf', () => {
  it('counts from when the action happened', () => {
    expect(deadlineOf({ ...policy, deadlineMs: 1_500 }, NOW)).toEqual(new Date('2026-03-01T12:00:01.500Z'));
    expect(deadlineOf(policy, NOW)).toBeNull();
  });
});
