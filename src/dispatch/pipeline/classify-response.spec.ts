import { statusMatches, verdictOfAnswer } from './classify-response.js';

const URL_CALLED = 'https://vendor.example/hook?key=1';
const NOW = new Date('2026-03-01T12:00:00Z');

describe('verdictOfAnswer', () => {
  it.each([
    [301, {}, 'rejected', null],
    [308, {}, 'rejected', null],
    [400, {}, 'rejected', null],
    [401, {}, 'auth', null],
    [403, {}, 'auth', null],
    [404, {}, 'rejected', null],
    [408, {}, 'transient', null],
    [410, {}, 'gone', null],
    [422, { 'retry-after': '9' }, 'rejected', null],
    [425, {}, 'transient', null],
    [429, {}, 'throttled', null],
    [429, { 'retry-after': '7' }, 'throttled', 7_000],
    [500, {}, 'transient', null],
    [503, {}, 'transient', null],
    [503, { 'retry-after': 'Sun, 01 Mar 2026 12:01:00 GMT' }, 'throttled', 60_000],
    [599, {}, 'transient', null],
  ])('%p with %p is %p, asked to wait %p ms', (status, headers: Record<string, string>, errorClass, askedMs) => {
    const verdict = verdictOfAnswer({ status, headers, url: URL_CALLED }, NOW);
    expect(verdict).toMatchObject({ outcome: 'fail', errorClass, errorCode: `HTTP_${status}`, retryAfterMs: askedMs });
    expect(verdict.errorMessage).toContain(String(status));
    expect(verdict.remedy).toEqual(expect.stringMatching(/\.$/));
  });
});

describe('an answer that asks for something', () => {
  it.each([
    [500, 'disable', 'gone', 'VENDOR_DISABLED'],
    [429, 'Disable', 'gone', 'VENDOR_DISABLED'],
    [500, 'abort-message', 'rejected', 'VENDOR_ABORTED'],
    [503, 'other, abort-message', 'rejected', 'VENDOR_ABORTED'],
    [410, 'abort-message', 'gone', 'HTTP_410'],
    [500, 'abort-messages', 'transient', 'HTTP_500'],
  ])('%p with webhook-delivery: %s is %s', (status, control, errorClass, errorCode) => {
    const headers = { 'webhook-delivery': control, 'retry-after': '5' };
    expect(verdictOfAnswer({ status, headers, url: URL_CALLED }, NOW)).toMatchObject({ errorClass, errorCode });
  });

  it.each([
    ['https://new.example/hook?token=abc#x', 'to https://new.example/hook, which'],
    ['https://user:pass@new.example/hook', 'to https://new.example/hook, which'],
    ['/moved?key=1', 'to https://vendor.example/moved, which'],
    ['http://[', 'a redirect, which'],
  ])('a redirect to %s says where to, without query and credentials', (location, says) => {
    const { errorMessage } = verdictOfAnswer({ status: 308, headers: { location }, url: URL_CALLED }, NOW);
    expect(errorMessage).toContain(says);
    expect(errorMessage).not.toMatch(/token|key|pass/);
  });
});

describe('statusMatches', () => {
  const rule = { statuses: ['200-204', '302'], expression: null };
  it.each([
    [199, false],
    [200, true],
    [204, true],
    [205, false],
    [302, true],
    [303, false],
  ])('status %p against 200-204 and 302: %p', (status, expected) => {
    expect(statusMatches(rule, status)).toBe(expected);
  });
});
