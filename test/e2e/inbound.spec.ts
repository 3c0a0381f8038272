import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { asLogId, asTenantId } from '../../src/common/ids.js';
import type { AttemptDocument, IntegrationLog } from '../../src/logging/integration-log.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { SECRET, signed } from '../support/inbound-sources.js';
import { Installation } from '../support/installation.js';

jest.setTimeout(180_000);

const LAB = asTenantId('lab-1');
const TAKEOVER_MS = 120_000;
const MIB = 1_048_576;

describe('webhooks of an installation', () => {
  let installation: Installation;
  let target: FakeVendor;

  beforeAll(async () => {
    target = await startFakeVendor();
    installation = await Installation.start('inbound', { env: { WAYBILL_DELIVERY_TAKEOVER_AFTER_MS: '2000' } });
    await installation.call('POST', '/v1/tenants', { id: LAB, name: 'Lab one' });
  });

  afterAll(async () => {
    await installation.close();
    await target.close();
  });

  async function createSource(partial: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const wanted = {
      name: 'Analyser',
      vendor: 'acme-lab',
      verification: { kind: 'standard-webhooks', secrets: [SECRET] },
      eventType: '/type',
      handling: { kind: 'forward', url: `${target.url}/in` },
      retryPolicy: { maxAttempts: 3, baseDelayMs: 100, maxDelayMs: 1_000 },
      ...partial,
    };
    const created: unknown = await installation.call('POST', '/v1/sources', { tenantId: LAB, ...wanted });
    const { address }: { address: string } = JSON.parse(JSON.stringify(created));
    return address;
  }

  const post = (path: string, body: string) =>
    fetch(`${installation.api.url}${path}`, { method: 'POST', headers: signed(body), body });

  const receive = (path: string, sampleId: string) =>
    receiveBody(path, JSON.stringify({ type: 'result.ready', sampleId }));

  async function receiveBody(path: string, body: string): Promise<string> {
    const answer = await post(path, body);
    expect(answer.status).toBe(202);
    const { id } = JSON.parse(await answer.text());
    return String(id);
  }

  const waitFor = (logId: string, status: string) =>
    eventually(
      () => installation.mongo.collection<IntegrationLog>('integration_logs').findOne({ _id: asLogId(logId) }),
      (log) => log?.status === status,
      TAKEOVER_MS,
    );

  const forwarded = (logId: string) => target.requests.filter(({ headers }) => headers['webhook-id'] === logId);

  it('are worked on once after a restart, where the process was killed as soon as it had acknowledged', async () => {
    const path = await createSource();
    const logIds = await Promise.all(Array.from({ length: 20 }, (_, number) => receive(path, `S-${number}`)));
    await installation.api.end('SIGKILL');
    expect(target.requests).toHaveLength(0);
    await installation.startApi();
    const worker = await installation.startWorker();
    for (const logId of logIds) await waitFor(logId, 'SUCCESS');
    for (const logId of logIds) expect(forwarded(logId)).toHaveLength(1);
    await worker.end('SIGTERM');
  });

  it('are taken over with the same idempotency key, where the process was killed in the middle of a handler', async () => {
    const path = await createSource({ timeoutMs: 30_000 });
    const worker = await installation.startWorker();
    let hold = true;
    target.answer(() => (hold ? new Promise(() => undefined) : { status: 200 }));
    const logId = await receive(path, 'S-mid');
    await eventually(
      () => forwarded(logId).length,
      (count) => count === 1,
    );
    hold = false;
    await worker.end('SIGKILL');
    const next = await installation.startWorker();
    const log = await waitFor(logId, 'SUCCESS');
    expect(forwarded(logId)).toHaveLength(2);
    expect(log).toMatchObject({ attemptCount: 2, firstAttempt: { outcome: 'unknown' } });
    await next.end('SIGTERM');
  });

  it('are taken over with the same idempotency key, where the process was killed while it handled one at once', async () => {
    const path = await createSource({ mode: 'sync', timeoutMs: 3_000 });
    let hold = true;
    target.answer(() => (hold ? new Promise(() => undefined) : { status: 200 }));
    const body = JSON.stringify({ type: 'result.ready', sampleId: 'S-sync' });
    const answer = post(path, body).catch((error: unknown) => String(error));
    const [taken] = await eventually(
      () => target.requests.filter((request) => request.body === body),
      ({ length }) => length === 1,
    );
    hold = false;
    await installation.api.end('SIGKILL');
    expect(await answer).toContain('fetch failed');
    await installation.startApi();
    const worker = await installation.startWorker();
    const logId = String(taken?.headers['webhook-id']);
    const log = await waitFor(logId, 'SUCCESS');
    expect(forwarded(logId)).toHaveLength(2);
    expect(log).toMatchObject({ attemptCount: 2, firstAttempt: { outcome: 'unknown', errorCode: 'PROCESS_DIED' } });
    const tries = installation.mongo
      .collection<AttemptDocument>('integration_attempts')
      .find({ logId: asLogId(logId) });
    expect(await tries.toArray()).toMatchObject([{ number: 2, trigger: 'recovery', outcome: 'success' }]);
    await worker.end('SIGTERM');
  });

  it.each(['async', 'sync'])(
    'of a source that is %s are worked on once, where copies come to two processes',
    async (mode) => {
      target.answer({ status: 200, body: { stored: true } });
      const path = await createSource({ mode });
      const worker = await installation.startWorker();
      const first = installation.api;
      await installation.startApi();
      const both = [first, installation.api];
      const body = JSON.stringify({ type: 'result.ready', sampleId: `S-${mode}` });
      const headers = signed(body);
      const copies = Array.from({ length: 50 }, () => both).flat();
      const answers = await Promise.all(
        copies.map(({ url }) => fetch(`${url}${path}`, { method: 'POST', headers, body })),
      );
      const taken = mode === 'sync' ? [200, 202] : [202];
      expect(answers.filter(({ status }) => !taken.includes(status))).toEqual([]);
      const rows = installation.mongo.collection<IntegrationLog>('integration_logs');
      const logs = await rows.find({ 'context.webhookId': headers['webhook-id'] }).toArray();
      expect(logs).toHaveLength(1);
      const logId = logs[0]?._id ?? asLogId('');
      const told = await Promise.all(answers.filter(({ status }) => status === 202).map((answer) => answer.json()));
      expect(told).toEqual(told.map(() => ({ id: logId })));
      expect(await waitFor(logId, 'SUCCESS')).toMatchObject({ attemptCount: 1 });
      expect(forwarded(logId)).toHaveLength(1);
      for (const one of [first, worker]) await one.end('SIGTERM');
    },
  );

  /** `null` where the work on the file has not begun. */
  const progressOf = (logId: string) =>
    installation.call('GET', `/v1/logs/${logId}/records?tenantId=${LAB}&limit=1`).catch(() => null);

  it('that are files go on where they were, where the process was killed in the middle of one', async () => {
    const count = 1_000;
    const path = await createSource({ bulk: 'csv', timeoutMs: 30_000 });
    const worker = await installation.startWorker();
    const keys: unknown[] = [];
    let hold = true;
    target.answer(({ headers }) => {
      keys.push(headers['webhook-id']);
      return hold && keys.length > 700 ? new Promise(() => undefined) : { status: 200 };
    });
    const rows = Array.from({ length: count }, (_, number) => `result.ready,S-${number}`);
    const logId = await receiveBody(path, ['type,sampleId', ...rows].join('\n'));
    await eventually(
      () => keys.length,
      (length) => length > 700,
    );
    const before = await progressOf(logId);
    expect(before).toMatchObject({ failed: 0, read: false });
    hold = false;
    await worker.end('SIGKILL');
    const next = await installation.startWorker();
    await waitFor(logId, 'SUCCESS');
    expect(await progressOf(logId)).toMatchObject({ line: count + 1, succeeded: count, failed: 0, read: true });
    const lineOf = (key: unknown) => Number(String(key).split('-').at(-1));
    const lines = keys.map(lineOf).toSorted((a, b) => a - b);
    expect([...new Set(lines)]).toEqual(rows.map((_, index) => index + 2));
    const again = lines.filter((line, index) => line === lines[index - 1]);
    const kept = Number(before?.['line']);
    expect(kept).toBeGreaterThan(200);
    expect(again).toEqual(Array.from({ length: 702 - kept }, (_, index) => kept + index + 1));
    await next.end('SIGTERM');
  });

  it('that are large files are worked on within their limits, and show how far they are', async () => {
    const path = await createSource({ bulk: 'csv', maxBytes: 25 * MIB });
    const worker = await installation.startWorker();
    const memory = await worker.residentBytes();
    let handled = 0;
    target.answer(() => ({ status: 200, body: { handled: (handled += 1) } }));
    const count = 2_500;
    const rows = Array.from(
      { length: count },
      (_, number) => `result.ready,S-${number},${randomBytes(7_600).toString('base64')}`,
    );
    const body = ['type,sampleId,image', ...rows].join('\n');
    expect(body.length).toBeGreaterThan(24 * MIB);
    const logId = await receiveBody(path, body);
    const seen = new Set<number>();
    let peak = memory;
    await eventually(
      async () => {
        peak = Math.max(peak, await worker.residentBytes());
        const progress = await progressOf(logId);
        seen.add(Number(progress?.['line'] ?? 0));
        return progress;
      },
      (progress) => progress?.['read'] === true,
      TAKEOVER_MS,
    );
    await waitFor(logId, 'SUCCESS');
    expect(handled).toBe(count);
    expect([...seen].filter((line) => line > 0 && line <= count).length).toBeGreaterThan(1);
    expect(peak - memory).toBeLessThan(320 * MIB);
    await worker.end('SIGTERM');
  });

  it('that are slow or huge end within their limits, and others are answered as before', async () => {
    const path = await createSource({ maxBytes: 25 * MIB });
    const other = await createSource();
    const send = () => receive(other, 'S-healthy');
    await p95Of(send);
    const before = await p95Of(send);
    const memory = await installation.api.residentBytes();
    const slow = Array.from({ length: 100 }, () => slowly(installation.api.url, path));
    const steady = steadily(installation.api.url, path);
    const huge = endlessly(installation.api.url, path);
    const during = await p95Of(send);
    expect(during).toBeLessThan(2 * before + 100);
    expect((await huge).answer).toMatch(/^HTTP\/1\.1 413 /);
    expect((await huge).sentBytes).toBeLessThan(64 * MIB);
    for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]* came too slowly/);
    const slowLog = await installation.mongo.collection('integration_logs').findOne({ errorCode: 'BODY_UNREADABLE' });
    expect(slowLog).toMatchObject({ status: 'FAIL', errorMessage: expect.stringContaining('came too slowly') });
    expect(await steady).toMatch(/^HTTP\/1\.1 202 /);
    expect((await installation.api.residentBytes()) - memory).toBeLessThan(256 * MIB);
  });
});

const CALLS = 200;
const CALLERS = 2;

/** What 95 of 100 calls take less than, in milliseconds. */
async function p95Of(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  const caller = async () => {
    while (times.length < CALLS) {
      const startedMs = performance.now();
      await call();
      times.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return times.toSorted((a, b) => a - b)[Math.floor(CALLS * 0.95)] ?? 0;
}

async function dial(base: string) {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, answered: () => answer };
}

/** By its events, not by `once`, which rejects where the server hangs up on what is still being sent. */
const closeOf = (socket: Socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve()));
const drainOf = (socket: Socket) => new Promise<void>((resolve) => void socket.once('drain', resolve));

/** A byte each second, of a body that is said to have 25 MiB. Resolves with the answer once the server hangs up. */
async function slowly(base: string, path: string): Promise<string> {
  const { socket, answered } = await dial(base);
  socket.write(`POST ${path} HTTP/1.1\r\nhost: waybill\r\ncontent-length: ${25 * MIB}\r\n\r\n`);
  const drip = setInterval(() => socket.write('x'), 1_000);
  await closeOf(socket);
  clearInterval(drip);
  return answered();
}

/** 2 Mbit in each of 30 seconds, of a body that is signed. Resolves with the answer. */
async function steadily(base: string, path: string): Promise<string> {
  const body = JSON.stringify({ type: 'result.ready', image: 'x'.repeat(30 * 250_000) });
  const { socket, answered } = await dial(base);
  const headers = { host: 'waybill', connection: 'close', 'content-length': body.length, ...signed(body) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  let sentBytes = 0;
  const drip = setInterval(() => socket.write(body.slice(sentBytes, (sentBytes += 250_000))), 1_000);
  await closeOf(socket);
  clearInterval(drip);
  return answered();
}

/** A body of 1 GiB that does not say how long it is, until the server hangs up. */
async function endlessly(base: string, path: string): Promise<{ answer: string; sentBytes: number }> {
  const { socket, answered } = await dial(base);
  const closed = closeOf(socket);
  socket.write(`POST ${path} HTTP/1.1\r\nhost: waybill\r\ntransfer-encoding: chunked\r\n\r\n`);
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  let sentBytes = 0;
  while (sentBytes < 1_024 * MIB && !socket.destroyed) {
    sentBytes += 65_536;
    if (!socket.write(chunk)) await Promise.race([drainOf(socket), closed]);
  }
  await closed;
  return { answer: answered(), sentBytes };
}
