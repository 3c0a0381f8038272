import type { LogId } from '../../src/common/ids.js';
import { asLogId, asTenantId, type TenantId } from '../../src/common/ids.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { PAYLOADS } from '../../src/logging/payloads/payload.collection.js';
import { RetentionSweeper } from '../../src/logging/retention/retention-sweeper.js';
import { daysAfter, daysBefore, startOfDay } from '../../src/security/tenants/retention.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { aBody, aLog, aTry } from '../support/builders.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const LONG = `long ${'x'.repeat(20_000)}`;
const KEPT = { text: expect.any(String) };
const REMOVED = { text: null, removedAt: expect.any(Date), sizeBytes: expect.any(Number) };

describe('retention', () => {
  let host: TestHost;
  let lab: ApiClient;
  let tenantId: TenantId;
  let tenants = 0;
  let now = new Date();

  beforeAll(async () => {
    host = await startServerHost({ role: 'api' });
  });

  beforeEach(async () => {
    now = new Date();
    tenantId = await host.createTenant(`lab-keeps-${(tenants += 1)}`);
    lab = new ApiClient(host, await host.createKey(tenantId));
  });

  afterAll(() => host.close());

  /** Each look is a day later than the one before, so that every tenant is due. */
  async function sweep(): Promise<void> {
    now = daysAfter(now, 1);
    await host.find(RetentionSweeper).sweep(new AbortController().signal, now);
  }

  /** A log as old as that, whose tries are as old as these. */
  async function logOf(
    ageDays: number,
    tries: readonly number[],
    partial: Partial<IntegrationLog> = {},
  ): Promise<LogId> {
    const at = daysBefore(now, ageDays);
    const log = aLog({ tenantId, createdAt: at, updatedAt: at, ...partial });
    await host.find(LogWriter).submit({ kind: 'opened', log });
    for (const [index, tryAge] of tries.entries()) {
      const startedAt = daysBefore(now, tryAge);
      const execution = aTry(
        { ...log, attemptCount: index },
        { request: aBody('short'), response: aBody(LONG), startedAt },
      );
      await host.find(LogWriter).submit({ kind: 'executed', execution });
      await raw().updateOne({ _id: log._id }, { $set: { updatedAt: startedAt } });
    }
    return log._id;
  }

  const raw = () => host.find(Database).collection(INTEGRATION_LOGS);

  async function bodiesOf(id: LogId) {
    const row = await host.findLog(id);
    if (!row) return null;
    const further = await host
      .find(Database)
      .collection(INTEGRATION_ATTEMPTS)
      .find({ logId: id })
      .sort({ number: 1 })
      .toArray();
    return [row.firstAttempt, ...further].flatMap((made) => [made?.request?.body, made?.response?.body]);
  }

  it('removes bodies after 30 days, in every try, and leaves the rest of the log', async () => {
    const [old, young] = [await logOf(31, [31, 31]), await logOf(27, [27])];
    const before = await host.findLog(old);
    await sweep();
    expect(await bodiesOf(old)).toEqual(Array.from({ length: 4 }, () => expect.objectContaining(REMOVED)));
    expect((await bodiesOf(young))?.[0]).toMatchObject(KEPT);
    const after = await host.findLog(old);
    expect(after?.firstAttempt?.response?.body).not.toHaveProperty('payload');
    expect({ ...after, firstAttempt: null }).toEqual({ ...before, firstAttempt: null });
  });

  it('goes on where it was broken off', async () => {
    const ids = await Promise.all(Array.from({ length: 3 }, () => logOf(31, [31])));
    const broken = AbortSignal.abort();
    now = daysAfter(now, 1);
    await host.find(RetentionSweeper).sweep(broken, now);
    expect((await bodiesOf(ids[0] ?? asLogId('')))?.[0]).toMatchObject(KEPT);
    await sweep();
    for (const id of ids) expect((await bodiesOf(id))?.[0]).toMatchObject(REMOVED);
  });

  it('removes the bodies of a try that was made long after its log, once it is as old', async () => {
    const late = await logOf(40, [40, 20]);
    await sweep();
    expect(await bodiesOf(late)).toMatchObject([REMOVED, REMOVED, KEPT, { payload: {} }]);
    now = daysAfter(now, 12);
    await raw().updateOne({ _id: late }, { $set: { bodiesDueAt: new Date(0) } });
    await sweep();
    expect(await bodiesOf(late)).toMatchObject([REMOVED, REMOVED, REMOVED, REMOVED]);
    expect(await host.findLog(late)).not.toHaveProperty('bodiesDueAt');
  });

  it("removes the body of a person's retry of an old log, once it is as old", async () => {
    const id = await logOf(40, [40]);
    await sweep();
    await raw().updateOne({ _id: id }, { $set: { status: 'FAIL' } });
    const log = await host.findLog(id);
    if (!log) throw new Error('the log is gone');
    const retry = { requestedBy: 'support', reason: 'again', requestedAt: new Date() };
    const queued = await host.find(IntegrationLogStore).requeue(tenantId, log, retry);
    const execution = aTry(queued ?? log, { request: aBody('short'), response: null });
    await host.find(LogWriter).submit({ kind: 'executed', execution });
    await sweep();
    expect((await bodiesOf(id))?.[2]).toMatchObject(KEPT);
    now = daysAfter(now, 31);
    await raw().updateOne({ _id: id }, { $set: { bodiesDueAt: new Date(0) } });
    await sweep();
    expect((await bodiesOf(id))?.[2]).toMatchObject(REMOVED);
  });

  it('deletes logs with their tries after 400 days, but never one that is QUEUED or has moved since', async () => {
    const gone = await logOf(403, [403, 403]);
    const kept = [
      await logOf(395, [395]),
      await logOf(403, []),
      await logOf(403, [403, 10]),
      await logOf(403, [403], { tenantId: asTenantId('lab-without-record') }),
    ];
    await sweep();
    expect(await bodiesOf(gone)).toBeNull();
    expect(await host.find(Database).collection(INTEGRATION_ATTEMPTS).countDocuments({ logId: gone })).toBe(0);
    for (const id of kept) expect(await host.findLog(id)).not.toBeNull();
  });

  it('goes by what the tenant sets, also for what is stored already', async () => {
    const id = await logOf(5, [5]);
    const payload = async () => host.find(Database).collection(PAYLOADS).findOne({ tenantId });
    const usedAt = startOfDay(new Date());
    expect(await payload()).toMatchObject({ usedAt, expiresAt: daysAfter(usedAt, 31) });
    const { body } = await lab
      .patch(`/v1/tenants/${tenantId}`, { retention: { bodyDays: 2, rowDays: 10 } })
      .expect(200);
    expect(body).toMatchObject({ id: tenantId, retention: { bodyDays: 2, rowDays: 10 } });
    const shown = await lab.get(`/v1/logs/${id}`).expect(200);
    expect(shown.body.attempts[0].request.body).toMatchObject({ text: null, removedAt: expect.any(String) });
    await sweep();
    expect(await payload()).toMatchObject({ usedAt, expiresAt: daysAfter(usedAt, 3) });
    expect((await bodiesOf(id))?.[0]).toMatchObject(REMOVED);
    now = daysAfter(now, 10);
    await sweep();
    expect(await bodiesOf(id)).toBeNull();
  });

  it('has the database delete payloads by their time', () => {
    expect(PAYLOADS.indexes).toContainEqual(
      expect.objectContaining({ keys: { expiresAt: 1 }, options: { expireAfterSeconds: 0 } }),
    );
  });

  it.each([
    { retention: { bodyDays: 0, rowDays: 10 } },
    { retention: { bodyDays: 11, rowDays: 10 } },
    { retention: { bodyDays: 1 } },
    { name: 'Mine' },
  ])('refuses %j', async (change) => {
    expect((await lab.patch(`/v1/tenants/${tenantId}`, change)).status).toBe(400);
  });

  it("is no other tenant's to set", async () => {
    await host.createTenant('lab-2');
    const other = new ApiClient(host, await host.createKey('lab-2'));
    const retention = { bodyDays: 1, rowDays: 1 };
    await other.patch(`/v1/tenants/${tenantId}`, { retention }).expect(403);
    await other.get(`/v1/tenants/${tenantId}`).expect(403);
    const platform = new ApiClient(host, await host.createKey(null));
    await platform.patch('/v1/tenants/lab-2', { retention }).expect(200);
    await platform.patch('/v1/tenants/nobody', { retention }).expect(404);
    expect((await other.get('/v1/tenants/lab-2').expect(200)).body).toMatchObject({ retention });
  });
});
