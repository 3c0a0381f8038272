import type { CapturedRequest } from '../../logging/integration-log.js';
import { diffOfRequests } from './request-diff.js';

const aRequest = (text: string | null, headers: Record<string, string> = {}, sha256 = 'a'): CapturedRequest => ({
  method: 'POST',
  url: 'https://vendor.example/patients',
  headers,
  body: { contentType: null, text, sizeBytes: 10, sha256, truncated: false, cutBytes: 0 },
});

const changes = (before: unknown, after: unknown) =>
  diffOfRequests(aRequest(JSON.stringify(before)), aRequest(JSON.stringify(after))).changes;

describe('diffOfRequests', () => {
  it('finds nothing where the same would be sent', () => {
    const request = aRequest('{"a":1}', { 'x-a': '1' });
    expect(diffOfRequests(request, request)).toEqual({ changes: [], cut: false });
  });

  it('names members of a JSON body by their pointer', () => {
    expect(changes({ name: 'Ana', 'a/b': { c: 1 } }, { name: 'Ana S.', 'a/b': {}, phone: '5' })).toEqual([
      { part: 'body', kind: 'changed', path: '/name', before: 'Ana', after: 'Ana S.' },
      { part: 'body', kind: 'removed', path: '/a~1b/c', before: 1, after: null },
      { part: 'body', kind: 'added', path: '/phone', before: null, after: '5' },
    ]);
  });

  it('does not take an inserted item for a change of all that follow', () => {
    expect(
      changes({ tests: [{ id: 1 }, { id: 2 }] }, { tests: [{ id: 3 }, { id: 1 }, { id: 2, urgent: true }] }),
    ).toEqual([
      { part: 'body', kind: 'added', path: '/tests/0', before: null, after: { id: 3 } },
      { part: 'body', kind: 'added', path: '/tests/2/urgent', before: null, after: true },
    ]);
  });

  it('says that an item has moved', () => {
    expect(changes([{ id: 1 }, { id: 2 }, { id: 3 }], [{ id: 3 }, { id: 1 }, { id: 2 }])).toEqual([
      { part: 'body', kind: 'moved', path: '/2', before: '/2', after: '/0' },
    ]);
  });

  it('compares other bodies line by line', () => {
    expect(diffOfRequests(aRequest('MSH|1\nPID|P-1\nEND'), aRequest('MSH|1\nPID|P-2\nEND')).changes).toEqual([
      { part: 'body', kind: 'removed', path: 'line 2', before: 'PID|P-1\n', after: null },
      { part: 'body', kind: 'added', path: 'line 3', before: null, after: 'PID|P-2\n' },
    ]);
  });

  it('compares binary bodies by their hashes', () => {
    const [change] = diffOfRequests(aRequest(null), aRequest(null, {}, 'b')).changes;
    expect(change).toMatchObject({ part: 'body', before: '10 bytes, SHA-256 a', after: '10 bytes, SHA-256 b' });
  });

  it('leaves out what is new in every call: times, signatures, boundaries', () => {
    const sent = (boundary: string, at: string) =>
      aRequest(`--${boundary}\r\nx\r\n--${boundary}--`, {
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'webhook-timestamp': at,
        'x-time': at,
      });
    expect(diffOfRequests(sent('aaa', '1'), sent('bbb', '2'), ['X-Time']).changes).toEqual([]);
  });

  it('tells method, URL and headers apart', () => {
    const before = aRequest('', { 'x-old': '1', 'x-both': '1' });
    const after = { ...aRequest('', { 'x-both': '2' }), url: 'https://vendor.example/v2', method: 'PUT' };
    expect(diffOfRequests(before, after).changes).toMatchObject([
      { part: 'method', before: 'POST', after: 'PUT' },
      { part: 'url', after: 'https://vendor.example/v2' },
      { part: 'headers', kind: 'removed', path: 'x-old' },
      { part: 'headers', kind: 'changed', path: 'x-both', before: '1', after: '2' },
    ]);
  });

  it('is done in time with bodies of tens of thousands of items', () => {
    const list = (from: number) => Array.from({ length: 20_000 }, (_, index) => (index * 7 + from) % 9_973);
    const startedMs = performance.now();
    const { changes: found } = diffOfRequests(aRequest(JSON.stringify(list(0))), aRequest(JSON.stringify(list(1))));
    expect(found.length).toBeGreaterThan(0);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
