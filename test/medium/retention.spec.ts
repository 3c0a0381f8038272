import {
  asEventId,
  asIntegrationId,
  asLogId,
  asTenantId,
  type EventId,
  type LogId,
  type TenantId,
} from '../../src/common/ids.js';
import { ACTION_EVENTS, type ActionEvent } from '../../src/dispatch/action-event.collection.js';
import { EventExpiry } from '../../src/dispatch/event-expiry.js';
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
const PLANNED = { integrationId: asIntegrationId('int_1'), integrationName: 'CRM', vendor: 'CRM', filterError: null };
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

  describe('of events', () => {
    const events = () => host.find(Database).collection(ACTION_EVENTS);

    /** An event as old as that, with logs as old as these. */
    async function eventOf(ageDays: number, logAges: readonly number[], more: Partial<ActionEvent> = {}) {
      const { body } = await lab
        .post('/v1/events', { action: 57, context: { patientId: 'P-1' } })
        .set('idempotency-key', `key-${Math.random()}`)
        .expect(202);
      const logs = await Promise.all(logAges.map((age) => logOf(age, [age], { eventId: body.eventId })));
      const deliveries = logs.map((logId) => ({ ...PLANNED, logId }));
      const unmatchedReason = logs.length === 0 ? 'no_integration' : null;
      const set = { createdAt: daysBefore(now, ageDays), deliveries, unmatchedReason, ...more } as const;
      await events().updateOne({ _id: body.eventId }, { $set: set });
      return { id: asEventId(body.eventId), logs };
    }
    const isThere = async ({ id }: { id: EventId }) => (await events().countDocuments({ _id: id })) === 1;

    it('deletes them after 400 days, with the last of their logs, and those that never had one', async () => {
      const gone = [await eventOf(403, [403, 403]), await eventOf(403, [])];
      const half = await eventOf(403, [403, 395]);
      const kept = [
        half,
        await eventOf(395, [395]),
        await eventOf(395, []),
        await eventOf(403, [], { lastDuplicateAt: daysBefore(now, 10) }),
        await eventOf(403, [403], { fanOutPending: true }),
      ];
      await sweep();
      expect(await Promise.all(gone.map(isThere))).toEqual([false, false]);
      expect(await Promise.all(kept.map(isThere))).toEqual(kept.map(() => true));
      expect(await Promise.all(half.logs.map((id) => host.findLog(id)))).toEqual([null, expect.anything()]);
      now = daysAfter(now, 10);
      await sweep();
      expect(await isThere(half)).toBe(false);
    });

    it('finishes what a process that died has left', async () => {
      const event = await eventOf(403, [403]);
      await host.find(EventExpiry).mark([event.id]);
      await raw().deleteMany({ _id: { $in: event.logs } });
      await sweep();
      expect(await isThere(event)).toBe(false);
    });

    it('takes their idempotency keys along: what comes with one then is a new event', async () => {
      const emit = () =>
        lab.post('/v1/events', { action: 57, context: { patientId: 'P-1' } }).set('idempotency-key', 'bill-7');
      const { body } = await emit();
      expect((await emit()).body.duplicate).toBe(true);
      const long = { createdAt: daysBefore(now, 403), lastDuplicateAt: daysBefore(now, 403) };
      await events().updateOne({ _id: body.eventId }, { $set: long });
      await sweep();
      expect((await emit()).body.duplicate).toBe(false);
    });
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
