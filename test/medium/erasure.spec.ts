import { AUDIT_ENTRIES } from '../../src/audit/audit-entry.collection.js';
import { ErasureRunner } from '../../src/erasure/erasure-runner.js';
import { ERASURES } from '../../src/erasure/erasure.collection.js';
import type { LogId } from '../../src/common/ids.js';
import { FAILURE_GROUPS } from '../../src/insights/failures/failure-group.collection.js';
import { InsightsRebuild } from '../../src/insights/insights-rebuild.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { LogFallback } from '../../src/logging/log-fallback.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { PAYLOADS } from '../../src/logging/payloads/payload.collection.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { aBody, aLog, aTry } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';

const LONG_NAME = `Maria ${'Aparecida '.repeat(2_000)}`;
const PATIENTS = [
  { id: 'P-1042', name: 'Zenobia Quill', phone: null },
  { id: 'P-1043', name: LONG_NAME, phone: null },
  { id: 'P-7', name: 'Somebody Else', phone: null },
];

const NOTHING_SENT = { outcome: 'fail', request: null, response: null } as const;

describe('the erasure of a patient', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let lab: ApiClient;
  let integrationId: string;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    host = await startServerHost({
      patients: PATIENTS,
      settings: { reconciler: { intervalMs: 100 } },
    });
    lab = new ApiClient(host, await host.createKey());
    vendor.answer(({ body }) =>
      body.includes('refuse')
        ? { status: 422, body: { error: `no patient Zenobia: ${body}` } }
        : { body: { echo: body } },
    );
    const integration = await host.createIntegration({
      url: `${vendor.url}/{{context.patientId}}`,
      mapping: '{ "name": data.name, "visit": context.visit = 9 ? "refuse" : "take", "pad": $pad("", 100) }',
      extracts: { echoed: '$substring(body.echo, 0, 40)' },
      traffic: { ordering: { by: 'visit', afterFail: 'continue' } },
      statusCallback: { url: 'http://127.0.0.1:9/' },
    });
    integrationId = integration._id;
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
  });

  async function emit(context: object, status: 'SUCCESS' | 'FAIL' | 'QUEUED', key?: string): Promise<LogId> {
    const call = lab.post('/v1/events', { action: 57, context });
    const { body } = await (key === undefined ? call : call.set('idempotency-key', key));
    return (await host.waitForLog(body.deliveries[0].logId, status))._id;
  }

  async function erase(patientId: string) {
    const { body } = await lab
      .post('/v1/erasures', { context: { patientId }, reason: 'asked for by letter' })
      .expect(202);
    return eventually(
      async () => (await lab.get(`/v1/erasures/${body.id}`).expect(200)).body,
      ({ state }) => state === 'done',
    );
  }

  async function startBatches(selections: readonly object[]): Promise<string[]> {
    const ids = [];
    for (const selection of selections) {
      const { body: preview } = await lab.post('/v1/retry-batches/preview', selection).expect(200);
      const wanted = { ...selection, confirm: preview.confirm, reason: 'Zenobia called about P-1042' };
      const { body } = await lab.post('/v1/retry-batches', wanted).expect(202);
      ids.push(body.id);
    }
    return ids;
  }

  /** What workers do by themselves within minutes. */
  const sumUp = () =>
    host.find(InsightsRebuild).rebuild({ from: new Date(Date.now() - 86_400_000), to: new Date(), tenantId: LAB });

  const batch = async (id: string) => (await lab.get(`/v1/retry-batches/${id}`).expect(200)).body;

  /** Everything that is stored, but the erasures themselves, and the audit log, which is never changed. */
  async function everything(): Promise<string> {
    const { db } = host.find(Database).connection;
    const collections = (await db?.listCollections().toArray()) ?? [];
    const stored = await Promise.all(
      collections
        .filter(({ name }) => name !== ERASURES.name && name !== AUDIT_ENTRIES.name)
        .map(async ({ name }) => db?.collection(name).find().toArray()),
    );
    return JSON.stringify(stored);
  }

  it('leaves nothing of the patient anywhere, and the rows, and all of another patient', async () => {
    const other = await emit({ patientId: 'P-7', visit: 1 }, 'SUCCESS');
    const taken = await emit({ patientId: 'P-1042', visit: 2 }, 'SUCCESS', 'register-P-1042');
    const refused = await emit({ patientId: 'P-1042', visit: 9 }, 'FAIL');
    await lab.post(`/v1/logs/${refused}/retry`, { reason: 'Zenobia called again' }).expect(202);
    await eventually(
      () => host.findLog(refused),
      (log) => log?.attemptCount === 2 && log.status === 'FAIL',
    );
    await lab
      .post(`/v1/integrations/${integrationId}/pause`, { reason: 'the vendor moves' })
      .expect((r) => r.status < 300);
    const batches = await startBatches([{ filter: { context: { patientId: 'P-1042' } } }, { logIds: [refused] }]);
    await lab.post(`/v1/integrations/${integrationId}/resume`).expect((r) => r.status < 300);
    for (const id of batches)
      await eventually(
        async () => (await batch(id)).state,
        (state) => state === 'done',
      );
    await sumUp();
    expect(
      await host
        .find(Database)
        .collection(FAILURE_GROUPS)
        .countDocuments({ pattern: /Zenobia/ }),
    ).toBe(1);
    await lab
      .post(`/v1/integrations/${integrationId}/pause`, { reason: 'the vendor moves' })
      .expect((r) => r.status < 300);
    const waiting = await emit({ patientId: 'P-1042', visit: 3 }, 'QUEUED');
    await lab.patch(`/v1/integrations/${integrationId}`, { enabled: false }).expect(200);
    await lab.post('/v1/events', { action: 57, context: { patientId: 'P-1042' } }).expect(202);
    await lab.patch(`/v1/integrations/${integrationId}`, { enabled: true }).expect(200);
    expect(await everything()).toMatch(/P-1042.*Zenobia|Zenobia.*P-1042/s);
    const tries = (await host.findLog(refused))?.attemptCount ?? 0;
    const otherBefore = await host.findLog(other);

    const erasure = await erase('P-1042');

    await sumUp();
    const left = await everything();
    expect(left).not.toContain('P-1042');
    expect(left).not.toContain('Zenobia');
    expect({ ...(await host.findLog(other)), callbacks: null }).toEqual({ ...otherBefore, callbacks: null });
    expect(erasure).toMatchObject({
      field: 'patientId',
      subjectHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      reason: 'asked for by letter',
      counts: { logs: 3, attempts: tries - 1, failed: 1, events: 4 },
    });
    const { body: shown } = await lab.get(`/v1/logs/${refused}`).expect(200);
    expect(shown).toMatchObject({
      status: 'FAIL',
      errorClass: 'rejected',
      context: {},
      extracts: {},
      erasedAt: expect.any(String),
    });
    expect(shown.attempts).toHaveLength(tries);
    const audited = await host.find(Database).collection(AUDIT_ENTRIES).find({ what: 'erasure.subject' }).toArray();
    expect(audited).toMatchObject([{ why: 'asked for by letter', details: { subjectHash: erasure.subjectHash } }]);
    expect(JSON.stringify(audited)).not.toContain('P-1042');
    expect(await host.findLog(taken)).toMatchObject({ status: 'SUCCESS', firstAttempt: { outcome: 'success' } });
    expect(await host.findLog(waiting)).toMatchObject({ status: 'FAIL', errorCode: 'ERASED', nextAttemptAt: null });
    await lab.post(`/v1/integrations/${integrationId}/resume`).expect((r) => r.status < 300);
    expect((await lab.post(`/v1/logs/${waiting}/retry`, { reason: 'again' })).status).toBe(409);
  });

  it('keeps a group of failures that others have as well, and deletes it with the last of them', async () => {
    const groups = host.find(Database).collection(FAILURE_GROUPS);
    const fail = async (patientId: string) => {
      const log = aLog({ context: { patientId }, contextKeys: [`patientId=${patientId}`], integrationName: 'shared' });
      const writer = host.find(LogWriter);
      await writer.submit({ kind: 'opened', log });
      const error = { errorClass: 'rejected', errorCode: 'HTTP_422', errorMessage: 'no bed for Ottoline' } as const;
      await writer.submit({ kind: 'executed', execution: aTry(log, { ...error, ...NOTHING_SENT }) });
    };
    const summedUp = async () => {
      await sumUp();
      return groups.findOne({ pattern: 'no bed for Ottoline' });
    };
    await fail('P-31');
    await fail('P-32');
    expect(await summedUp()).toMatchObject({ count: 2 });
    await erase('P-31');
    expect(await summedUp()).toMatchObject({ count: 1 });
    await erase('P-32');
    expect(await summedUp()).toBeNull();
  });

  it('deletes what was kept apart, but not what another log has', async () => {
    const payloads = host.find(Database).collection(PAYLOADS);
    const writer = host.find(LogWriter);
    const write = async (patientId: string, text: string) => {
      const log = aLog({ context: { patientId }, contextKeys: [`patientId=${patientId}`] });
      await writer.submit({ kind: 'opened', log });
      await writer.submit({ kind: 'executed', execution: aTry(log, { request: aBody(text), response: null }) });
    };
    const [own, twice, common] = ['own', 'twice', 'common'].map((word) => `${word} ${LONG_NAME}`);
    await write('P-1043', own ?? '');
    await write('P-1043', twice ?? '');
    await write('P-1043', twice ?? '');
    await write('P-1043', common ?? '');
    await write('P-7', common ?? '');
    const before = await payloads.countDocuments();
    const { counts } = await erase('P-1043');
    expect(counts).toMatchObject({ logs: 4, payloads: 2 });
    expect(await payloads.countDocuments()).toBe(before - 2);
  });

  it('keeps nothing of a try that was being made', async () => {
    const log = aLog({ context: { patientId: 'P-5' }, contextKeys: ['patientId=P-5'] });
    const moved = { ...log, attemptCount: 1 };
    const writer = host.find(LogWriter);
    for (const [of, attempts] of [
      [log, 0],
      [moved, 1],
    ] as const) {
      await host.find(Database).collection(INTEGRATION_LOGS).deleteOne({ _id: log._id });
      await writer.submit({ kind: 'opened', log: { ...log, attemptCount: attempts } });
      await erase('P-5');
      const body = aBody(`Wilhelmina ${LONG_NAME}`);
      const execution = aTry(of, { request: body, response: aBody('Wilhelmina'), errorMessage: 'Wilhelmina' });
      await writer.submit({ kind: 'executed', execution });
      expect(await host.findLog(log._id)).toMatchObject({ status: 'FAIL', errorCode: 'ERASED' });
    }
    expect(await everything()).not.toContain('Wilhelmina');
  });

  it('looks once more, for what came out of a spool, and then forgets whom it was about', async () => {
    const { id } = await erase('P-6');
    const late = aLog({ context: { patientId: 'P-6' }, contextKeys: ['patientId=P-6'], createdAt: new Date(0) });
    await host.find(LogWriter).submit({ kind: 'opened', log: late });
    const inTwoDays = new Date(Date.now() + 2 * 86_400_000);
    await host.find(ErasureRunner).run(new AbortController().signal, inTwoDays);
    expect((await host.findLog(late._id))?.erasedAt).toBeInstanceOf(Date);
    const stored = await host.find(Database).collection(ERASURES).findOne({ _id: id });
    expect(stored).toMatchObject({ value: null, dueAt: null });
  });

  it('reaches what comes out of a spool when nobody knows any more whom it was about', async () => {
    const { id } = await erase('P-8');
    const inTwoDays = new Date(Date.now() + 2 * 86_400_000);
    await host.find(ErasureRunner).run(new AbortController().signal, inTwoDays);
    const erasures = host.find(Database).collection(ERASURES);
    expect(await erasures.findOne({ _id: id })).toMatchObject({ value: null, dueAt: null });
    const keep = async (createdAt: Date) => {
      const log = aLog({ context: { patientId: 'P-8' }, contextKeys: ['patientId=P-8'], createdAt });
      await host.find(LogFallback).keep([{ kind: 'opened', log }]);
      return log._id;
    };
    const old = await keep(new Date(0));
    await eventually(
      () => host.findLog(old),
      (log) => log?.erasedAt !== undefined,
    );
    expect(
      await eventually(
        () => erasures.findOne({ _id: id }),
        (erasure) => erasure?.value === null,
      ),
    ).toMatchObject({
      dueAt: null,
    });
    const since = await keep(new Date());
    await host.find(LogWriter).flush();
    expect(await host.findLog(since)).toMatchObject({ context: { patientId: 'P-8' } });
    expect(await erasures.findOne({ _id: id })).toMatchObject({ value: null, dueAt: null });
  });

  it.each([
    {},
    { context: {}, reason: 'asked for' },
    { context: { patientId: 'P-1', visit: 1 }, reason: 'asked for' },
    { context: { patientId: '' }, reason: 'asked for' },
    { context: { patientId: null }, reason: 'asked for' },
    { context: { tenantId: LAB }, reason: 'asked for' },
    { context: { patientId: 'P-1' }, reason: '   ' },
    { context: { patientId: 'P-1' } },
  ])('refuses %j', async (body) => {
    expect((await lab.post('/v1/erasures', body)).status).toBe(400);
  });

  it("is no other tenant's", async () => {
    await host.createTenant('lab-2');
    const other = new ApiClient(host, await host.createKey('lab-2'));
    const { id } = await erase('P-nobody');
    expect((await other.get(`/v1/erasures/${id}`)).status).toBe(404);
    const asked = await other.post('/v1/erasures', { tenantId: LAB, context: { patientId: 'P-7' }, reason: 'mine' });
    expect(asked.status).toBe(403);
  });
});
