import fc from 'fast-check';
import { asIntegrationId, asLogId, asTenantId, type IntegrationId, newExecutionId } from '../../src/common/ids.js';
import { InsightsRebuild } from '../../src/insights/insights-rebuild.js';
import { InsightsSweep } from '../../src/insights/insights-sweep.js';
import { FAILURE_GROUPS } from '../../src/insights/failures/failure-group.collection.js';
import { FAILURE_SLICES } from '../../src/insights/failures/failure-slice.collection.js';
import { LOG_ROLLUPS } from '../../src/insights/log-rollup.collection.js';
import { CHANGED_SPANS } from '../../src/logging/changed-span.collection.js';
import type { Attempt, IntegrationLog } from '../../src/logging/integration-log.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import type { Execution } from '../../src/logging/log-entry.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { aLog } from '../support/log-rows.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';

const DAY_MS = 86_400_000;

describe('the sums of the logs', () => {
  describe('of deliveries', () => {
    let host: TestHost;
    let vendor: FakeVendor;
    let lab: ApiClient;
    let integrationId: IntegrationId;
    let failedId: string;
    const from = new Date(Date.now() - DAY_MS).toISOString();

    beforeAll(async () => {
      vendor = await startFakeVendor();
      host = await startServerHost({ settings: { insights: { intervalMs: 100 } } });
      lab = new ApiClient(host, await host.createKey());
      integrationId = (await host.createIntegration({ url: vendor.url }))._id;
      vendor.answer(({ json }) =>
        JSON.stringify(json).includes('Ana') ? {} : { status: 422, body: { error: 'no such phone 555-0199' } },
      );
      host.patients.set('P-2', { id: 'P-2', name: 'Bo', phone: '555-0102' });
      for (const [patientId, status] of [
        ['P-1', 'SUCCESS'],
        ['P-2', 'FAIL'],
      ] as const) {
        const { body } = await lab.post('/v1/events', { action: 57, context: { patientId } }).expect(202);
        failedId = (await host.waitForLog(body.deliveries[0].logId, status))._id;
      }
    });

    afterAll(async () => {
      await host.close();
      await vendor.close();
    });

    const totalOf = async (query: string) =>
      (await lab.get(`/v1/stats?from=${from}&${query}`).expect(200)).body.total.statuses;

    it.each(['step=5m', 'step=1h', 'step=1d', 'step=1h&actionId=57', 'step=5m&integrationId={integration}'])(
      'count each by what it has come to: %s',
      async (query) => {
        const read = () => totalOf(query.replace('{integration}', integrationId));
        expect(await eventually(read, ({ SUCCESS, FAIL, QUEUED }) => SUCCESS + FAIL === 2 && QUEUED === 0)).toEqual({
          QUEUED: 0,
          SUCCESS: 1,
          FAIL: 1,
        });
      },
    );

    it('tell how long the first tries took, and which class of error there is', async () => {
      const { body } = await lab.get(`/v1/stats?from=${from}`).expect(200);
      expect(body).toMatchObject({ step: '5m', total: { classes: { rejected: 1 }, p95Ms: expect.any(Number) } });
      const counts: number[] = body.total.durations;
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2);
      expect(counts).toHaveLength(body.durationBoundsMs.length + 1);
    });

    it('count nothing of an action, an integration or a tenant that has nothing', async () => {
      const none = { QUEUED: 0, SUCCESS: 0, FAIL: 0 };
      expect(await totalOf('actionId=1')).toEqual(none);
      expect(await totalOf('integrationId=int_none')).toEqual(none);
      await host.createTenant('lab-2');
      const other = new ApiClient(host, await host.createKey('lab-2'));
      expect((await other.get(`/v1/stats?from=${from}`).expect(200)).body.series).toEqual([]);
    });

    it.each([
      ['', 'from'],
      ['from=2026-01-01T00:00:00Z&step=5m', 'step'],
      ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
      ['from=2026-01-01T00:00:00Z&step=2h', 'step'],
    ])('refuse "%s"', async (query, field) => {
      const { body } = await lab.get(`/v1/stats?${query}`).expect(400);
      expect(body.faults[0].field).toBe(field);
    });

    it('put FAILs of one kind into one group, that a new one opens again', async () => {
      const groups = async () => (await lab.get('/v1/failure-groups').expect(200)).body.items;
      const [group] = await eventually(groups, ({ length }) => length === 1);
      expect(group).toMatchObject({
        integrationId,
        vendor: 'CRM',
        errorClass: 'rejected',
        pattern: expect.stringContaining('no such phone #'),
        count: 1,
        state: 'open',
        samples: [{ logId: failedId }],
      });

      const change = { state: 'resolved', owner: 'Mia', note: 'asked the vendor' };
      const { body: resolved } = await lab.patch(`/v1/failure-groups/${group.id}`, change).expect(200);
      expect(resolved).toMatchObject({ ...change, changedBy: expect.stringMatching(/^key /), reopenedAt: null });
      expect((await lab.get('/v1/failure-groups?state=open').expect(200)).body.items).toEqual([]);

      await lab.post(`/v1/logs/${failedId}/retry`, { reason: 'again' }).expect(202);
      const read = async () => (await lab.get(`/v1/failure-groups/${group.id}`).expect(200)).body;
      const reopened = await eventually(read, ({ state }) => state === 'open');
      expect(reopened).toMatchObject({ count: 1, owner: 'Mia', firstSeenAt: group.firstSeenAt });
      expect(reopened.reopenedAt).toBe(reopened.lastSeenAt);
    });

    it('take a log out of its group and its FAILs when a retry succeeds', async () => {
      host.patients.set('P-2', { id: 'P-2', name: 'Ana Bo', phone: '555-0102' });
      await host.waitForLog(failedId, 'FAIL');
      await lab.post(`/v1/logs/${failedId}/retry`, { reason: 'corrected' }).expect(202);
      await eventually(
        () => totalOf('step=5m'),
        ({ SUCCESS, FAIL }) => SUCCESS === 2 && FAIL === 0,
      );
      const read = async () => (await lab.get('/v1/failure-groups').expect(200)).body.items[0];
      expect(await eventually(read, ({ count }) => count === 0)).toMatchObject({ samples: [], state: 'open' });
    });

    it.each([{ state: 'closed' }, { owner: '' }, { pattern: 'x' }, { note: 5 }])(
      'refuse %j of a group',
      async (body) => {
        const [{ id }] = (await lab.get('/v1/failure-groups')).body.items;
        expect((await lab.patch(`/v1/failure-groups/${id}`, body)).status).toBe(400);
      },
    );

    it("hide another tenant's groups", async () => {
      const [{ id }] = (await lab.get('/v1/failure-groups')).body.items;
      const other = new ApiClient(host, await host.createKey('lab-2'));
      expect((await other.get('/v1/failure-groups')).body.items).toEqual([]);
      expect((await other.get(`/v1/failure-groups/${id}`)).status).toBe(404);
      expect((await other.patch(`/v1/failure-groups/${id}`, { note: 'mine' })).status).toBe(404);
    });
  });

  describe('of whatever is written, in whatever order', () => {
    let host: TestHost;
    let database: Database;

    beforeAll(async () => {
      host = await startServerHost({ role: 'api' });
      database = host.find(Database);
    });

    afterAll(() => host.close());

    const write = fc.record({
      log: fc.nat({ max: 7 }),
      what: fc.constantFrom('success', 'fail', 'retry', 'sweep'),
      message: fc.constantFrom('unknown patient P-1', 'unknown patient P-2', 'no phone'),
    });

    it('are those of the logs, and a rebuild changes nothing', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 15 }), async (writes) => {
          await clear();
          const logs = await openLogs();
          for (const { log, what, message } of writes) {
            if (what === 'sweep') await host.find(InsightsSweep).sweep();
            else await advance(logs[log], what, message);
          }
          const expected = await brute();
          await eventually(
            async () => {
              await host.find(InsightsSweep).sweep();
              return sums();
            },
            (found) => JSON.stringify(found.totals) === JSON.stringify(expected),
          );
          const before = await sums();
          await database.collection(LOG_ROLLUPS).deleteMany({});
          await host.find(InsightsRebuild).rebuild({ from: new Date(Date.now() - 4 * DAY_MS), to: new Date() });
          expect(await sums()).toEqual(before);
        }),
        { numRuns: 4 },
      );
    }, 120_000);

    it('keep a mark for as long as something may be written under it', async () => {
      await clear();
      await openLogs();
      const old = {
        _id: '1|1|lab-1|',
        tenantId: asTenantId(LAB),
        integrationId: null,
        from: new Date(0),
        minute: new Date(0),
      };
      await database.collection(CHANGED_SPANS).insertOne(old);
      await host.find(InsightsSweep).sweep();
      const left = await database.collection(CHANGED_SPANS).find({}).toArray();
      expect(left.length).toBeGreaterThan(0);
      expect(left.map(({ _id }) => _id)).not.toContain(old._id);
    });

    it('are made by one at a time, in one process as in several', async () => {
      await clear();
      await openLogs();
      const done: string[] = [];
      const rebuild = (who: string) =>
        host.find(InsightsRebuild).rebuild({
          from: new Date(Date.now() - 4 * DAY_MS),
          to: new Date(),
          onDay: () => done.push(who),
        });
      await Promise.all([rebuild('one'), rebuild('other')]);
      expect(done.filter((who, at) => at > 0 && who !== done[at - 1])).toHaveLength(1);
    });

    /** The marks stay: a process knows which it has made. */
    async function clear(): Promise<void> {
      for (const spec of [INTEGRATION_LOGS, LOG_ROLLUPS, FAILURE_GROUPS, FAILURE_SLICES])
        await database.connection.collection(spec.name).deleteMany({});
    }

    /** Of two integrations and of none, of now and, as after an outage, of days ago. */
    async function openLogs(): Promise<IntegrationLog[]> {
      const queued = { status: 'QUEUED', attemptCount: 0, completedAt: null } as const;
      const integrations = [null, asIntegrationId('int_a'), asIntegrationId('int_b')];
      const logs = Array.from({ length: 8 }, (_, index) =>
        aLog({
          integrationId: integrations[index % 3] ?? null,
          actionId: 50 + (index % 2),
          createdAt: new Date(Date.now() - (index % 4) * DAY_MS),
          ...queued,
        }),
      );
      await host.find(IntegrationLogStore).insertQueued(logs.slice(0, 4));
      for (const log of logs.slice(4)) await host.find(LogWriter).submit({ kind: 'opened', log });
      return logs;
    }

    async function advance(opened: IntegrationLog | undefined, what: 'success' | 'fail' | 'retry', message: string) {
      const log = opened && (await host.findLog(asLogId(opened._id)));
      if (!log) return;
      if (what === 'retry') {
        const request = { requestedBy: 'test', reason: 'again', requestedAt: new Date() };
        await host.find(IntegrationLogStore).requeue(log.tenantId, log, request);
      } else if (log.status === 'QUEUED') {
        await host.find(LogWriter).submit({ kind: 'executed', execution: executionOf(log, what, message) });
      }
    }

    async function brute() {
      const logs = await database.collection(INTEGRATION_LOGS).find({}).toArray();
      const count = (status: string) => logs.filter((log) => log.status === status).length;
      const groups = new Set(
        logs
          .filter(({ status }) => status === 'FAIL')
          .map((log) => `${log.integrationId}|${log.errorMessage?.replace(/P-\d/, '#')}`),
      );
      return { QUEUED: count('QUEUED'), SUCCESS: count('SUCCESS'), FAIL: count('FAIL'), groups: groups.size };
    }

    async function sums() {
      const rollups = await database.collection(LOG_ROLLUPS).find({}).sort({ _id: 1 }).toArray();
      const groups = await database.collection(FAILURE_GROUPS).find({}).sort({ _id: 1 }).toArray();
      const ofStep = (step: string, all: boolean) =>
        rollups.filter((rollup) => rollup.step === step && (rollup.integrationId === '*') === all);
      const sum = (some: typeof rollups, status: 'QUEUED' | 'SUCCESS' | 'FAIL') =>
        some.reduce((total, { tally }) => total + tally.statuses[status], 0);
      const views = ['5m', '1h', '1d'].flatMap((step) => [ofStep(step, true), ofStep(step, false)]);
      const [first = []] = views;
      const isOne = views.every((view) =>
        (['QUEUED', 'SUCCESS', 'FAIL'] as const).every((status) => sum(view, status) === sum(first, status)),
      );
      const totals = {
        QUEUED: isOne ? sum(first, 'QUEUED') : -1,
        SUCCESS: sum(first, 'SUCCESS'),
        FAIL: sum(first, 'FAIL'),
        groups: groups.filter(({ count }) => count > 0).length,
      };
      return { totals, rollups, groups };
    }
  });
});

function executionOf(log: IntegrationLog, outcome: 'success' | 'fail', message: string): Execution {
  const failed = outcome === 'fail';
  const error: Pick<Attempt, 'errorClass' | 'errorCode' | 'errorMessage'> = {
    errorClass: failed ? 'rejected' : null,
    errorCode: failed ? 'HTTP_422' : null,
    errorMessage: failed ? message : null,
  };
  return {
    logId: log._id,
    tenantId: log.tenantId,
    attempt: {
      executionId: newExecutionId(),
      number: log.attemptCount + 1,
      trigger: 'first',
      requestedBy: null,
      reason: null,
      startedAt: new Date(),
      durationMs: 20,
      integrationVersion: null,
      outcome,
      ...error,
      remedy: null,
      nextAttemptAt: null,
      request: null,
      response: null,
    },
    summary: { ...error, status: failed ? 'FAIL' : 'SUCCESS', nextAttemptAt: null, completedAt: new Date() },
  };
}
