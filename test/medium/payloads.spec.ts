import { randomBytes } from 'node:crypto';
import { asTenantId } from '../../src/common/ids.js';
import type { Attempt, CapturedBody, IntegrationLog } from '../../src/logging/integration-log.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { LogFallback } from '../../src/logging/log-fallback.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { MongoLogSink } from '../../src/logging/mongo-log-sink.js';
import { PAYLOADS } from '../../src/logging/payloads/payload.collection.js';
import { PayloadFiles } from '../../src/logging/payloads/payload-files.js';
import { PayloadStore } from '../../src/logging/payloads/payload.store.js';
import { Database } from '../../src/storage/database.js';
import { aBody, aTry, aLog } from '../support/builders.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

const KIB = 1_024;
const MIB = 1_024 * KIB;
const DAY_MS = 86_400_000;

describe('bodies apart from rows', () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost({ role: 'api' });
  });

  afterAll(() => host.close());

  const payloads = () => host.find(Database).collection(PAYLOADS);
  const files = () => host.find(Database).connection.db?.collection('payloads.files').countDocuments();
  const chunks = () => host.find(Database).connection.db?.collection('payloads.chunks').countDocuments();

  async function logWith(request: CapturedBody | null, response: CapturedBody | null = null, tenantId = LAB) {
    const log = aLog({ tenantId });
    await host.find(LogWriter).submit({ kind: 'opened', log });
    await host.find(LogWriter).submit({ kind: 'executed', execution: aTry(log, { request, response }) });
    return log._id;
  }

  async function shown(id: IntegrationLog['_id']): Promise<{ row: IntegrationLog; attempt: Attempt }> {
    const row = await host.waitForLog(id, 'SUCCESS');
    const [attempt] = await host.find(IntegrationLogStore).attemptsOf(row);
    if (!attempt) throw new Error(`log ${id} has no try`);
    return { row, attempt };
  }

  it('leaves what has up to 16 KiB in its row, counted in bytes', async () => {
    const text = 'ä'.repeat(8 * KIB);
    const { row, attempt } = await shown(await logWith(aBody(text)));
    expect(row.firstAttempt?.request?.body?.text).toBe(text);
    expect(attempt.request?.body).toEqual(aBody(text));
  });

  it('keeps what is longer compressed, once, and puts it back', async () => {
    const text = 'ä'.repeat(8 * KIB + 1);
    const { row, attempt } = await shown(await logWith(aBody(text), aBody(text)));
    expect(row.firstAttempt?.request?.body).toMatchObject({
      text: null,
      payload: { id: expect.stringMatching(/^lab-1:/) },
    });
    expect(attempt.request?.body).toEqual(aBody(text));
    expect(attempt.response?.body).toEqual(aBody(text));
    const kept = await payloads().findOne({ _id: row.firstAttempt?.request?.body?.payload?.id ?? '' });
    expect(kept?.gzip?.length()).toBeLessThan(KIB);
    expect(kept).toMatchObject({ sizeBytes: Buffer.byteLength(text), fileId: null, shared: false });
    const keptMs = (kept?.expiresAt.getTime() ?? 0) - Date.now();
    expect(keptMs).toBeGreaterThan(30 * DAY_MS);
    expect(keptMs).toBeLessThan(31 * DAY_MS + 1);
  });

  it('keeps a body that many logs have once, whoever writes it at the same time', async () => {
    const text = `shared ${'x'.repeat(20 * KIB)}`;
    const before = await payloads().countDocuments();
    const writer = host.find(LogWriter);
    const racing = new LogWriter(host.find(MongoLogSink), host.find(LogFallback), host.find(Database));
    const logs = Array.from({ length: 100 }, () => aLog({ tenantId: LAB }));
    await Promise.all(logs.map((log) => host.find(LogWriter).submit({ kind: 'opened', log })));
    await Promise.all(
      logs.map((log, index) =>
        (index % 2 === 0 ? writer : racing).submit({
          kind: 'executed',
          execution: aTry(log, { request: aBody(text), response: null }),
        }),
      ),
    );
    expect(await payloads().countDocuments()).toBe(before + 1);
    expect(await payloads().countDocuments({ shared: true })).toBe(1);
    for (const { _id } of logs) expect((await shown(_id)).attempt.request?.body?.text).toBe(text);
  });

  it('keeps the like text of two tenants apart', async () => {
    const body = aBody(`two tenants ${'y'.repeat(20 * KIB)}`);
    const [one, other] = [await logWith(body), await logWith(body, null, asTenantId('lab-2'))];
    const ids = [(await shown(one)).row, (await shown(other)).row].map(
      (row) => row.firstAttempt?.request?.body?.payload?.id,
    );
    expect(ids[0]?.split(':')[1]).toBe(ids[1]?.split(':')[1]);
    expect(new Set(ids).size).toBe(2);
  });

  it('keeps further tries apart too', async () => {
    const log = aLog({ tenantId: LAB });
    const text = `second ${'z'.repeat(20 * KIB)}`;
    const writer = host.find(LogWriter);
    await writer.submit({ kind: 'opened', log });
    const first = aTry(log, { request: null, response: null });
    await writer.submit({ kind: 'executed', execution: { ...first, summary: { ...first.summary, status: 'QUEUED' } } });
    const moved = { ...log, attemptCount: 1 };
    await writer.submit({ kind: 'executed', execution: aTry(moved, { request: aBody(text), response: null }) });
    const row = await host.waitForLog(log._id, 'SUCCESS');
    const tries = await host.find(IntegrationLogStore).attemptsOf(row);
    expect(tries.map(({ request }) => request?.body?.text ?? null)).toEqual([null, text]);
  });

  it('keeps what has more than 8 MiB compressed in GridFS, once, and deletes it with its payload', async () => {
    const text = randomBytes(9 * MIB).toString('base64');
    const [id, again] = await Promise.all([logWith(aBody(text)), logWith(aBody(text))]);
    const { row, attempt } = await shown(id);
    expect(attempt.request?.body?.text === text).toBe(true);
    expect((await shown(again)).attempt.request?.body?.text === text).toBe(true);
    expect(await files()).toBe(1);
    const payloadId = row.firstAttempt?.request?.body?.payload?.id ?? '';
    const orphans = (now: Date) =>
      host
        .find(PayloadFiles)
        .deleteOrphans((ids) => host.find(PayloadStore).namedFiles(ids), new AbortController().signal, now);
    const later = new Date(Date.now() + 2 * 3_600_000);
    await orphans(later);
    expect(await files()).toBe(1);
    await payloads().deleteOne({ _id: payloadId });
    await orphans(new Date());
    expect(await files()).toBe(1);
    await orphans(later);
    expect([await files(), await chunks()]).toEqual([0, 0]);
  }, 60_000);

  it('says of a body whose payload is gone since when', async () => {
    const id = await logWith(aBody(`gone ${'g'.repeat(20 * KIB)}`));
    const { row } = await shown(id);
    await payloads().deleteOne({ _id: row.firstAttempt?.request?.body?.payload?.id ?? '' });
    const { attempt } = await shown(id);
    expect(attempt.request?.body).toMatchObject({
      text: null,
      removedAt: expect.any(Date),
      sizeBytes: expect.any(Number),
    });
    expect(attempt.request?.body).not.toHaveProperty('payload');
  });

  it('shows the latest of more than an answer holds', async () => {
    const log = aLog({ tenantId: LAB });
    const bodies = ['a', 'b'].map((letter) => aBody(letter.repeat(20 * MIB)));
    const writer = host.find(LogWriter);
    await writer.submit({ kind: 'opened', log });
    await writer.submit({
      kind: 'executed',
      execution: aTry(log, { request: bodies[0] ?? null, response: bodies[1] ?? null }),
    });
    const { attempt } = await shown(log._id);
    expect(attempt.request?.body?.text?.length).toBe(20 * MIB);
    expect(attempt.response?.body).toMatchObject({ text: null, leftOut: true });
  });
});
