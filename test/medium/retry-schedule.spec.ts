import { RetryScheduler } from '../../src/retries/batches/retry-scheduler.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const DAY_MS = 86_400_000;

describe('a retry schedule', () => {
  let host: TestHost;
  /** A second process of the same installation. */
  let second: TestHost;
  let vendor: FakeVendor;
  let lab: ApiClient;
  let labs = 0;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    const patients = Array.from({ length: 4 }, (_, index) => ({ id: `P-${index}`, name: `No ${index}`, phone: null }));
    host = await startServerHost({ patients });
    second = await startServerHost({ patients, settings: { ...host.settings } });
  });

  afterAll(async () => {
    await vendor.close();
    await second.close({ keepData: true });
    await host.close();
  });

  /** Four logs of a tenant of its own: the third was refused, the others met a vendor in trouble. */
  async function failedLogs(schedule: Readonly<Record<string, unknown>>): Promise<string[]> {
    const tenantId = await host.createTenant(`lab-schedule-${++labs}`);
    lab = new ApiClient(host, await host.createKey(tenantId));
    vendor.answer(({ body }) => ({ status: body.includes('No 2') ? 422 : 500 }));
    const retrySchedule = { cron: '30 2 * * *', timeZone: 'Africa/Lagos', ...schedule };
    await host.createIntegration({ url: vendor.url, tenantId, retryPolicy: { maxAttempts: 1 }, retrySchedule });
    const logIds: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      const context = { patientId: `P-${index}` };
      const { body } = await lab.post('/v1/events', { action: 57, context }).expect(202);
      logIds.push(body.deliveries[0].logId);
      await host.waitForLog(body.deliveries[0].logId, 'FAIL');
    }
    vendor.answer({ status: 200 });
    return logIds;
  }

  const batches = async () => (await lab.get('/v1/retry-batches').expect(200)).body.items;
  const ended = () =>
    eventually(
      batches,
      (items) => items.length > 0 && items.every(({ finishedAt }: { finishedAt: unknown }) => finishedAt),
    );
  const triesOf = (logIds: readonly string[]) =>
    Promise.all(logIds.map(async (id) => (await lab.get(`/v1/logs/${id}`).expect(200)).body.attemptCount));

  /** A time in Lagos, which never changes its clocks, so many days from now. */
  const at = (days: number, time = '02:35') =>
    new Date(`${new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)}T${time}:00+01:00`);
  const inAll = (now: Date) => Promise.all([host, second].map(({ find }) => find(RetryScheduler).startDue(now)));

  it('tries the logs of its classes again, once for all processes, and the oldest first up to its limit', async () => {
    const logIds = await failedLogs({ classes: ['transient'], limitPerRun: 2 });
    await inAll(at(2));
    await inAll(at(2));
    const [batch, ...others] = await ended();
    expect(others).toEqual([]);
    expect(batch).toMatchObject({ kind: 'schedule', requestedBy: 'schedule', progress: { succeeded: 2 } });
    expect(await triesOf(logIds)).toEqual([2, 2, 1, 1]);
    await inAll(at(3));
    await eventually(batches, (items) => items.length === 2);
    await ended();
    expect(await triesOf(logIds)).toEqual([2, 2, 1, 2]);
  });

  it('is not due before its time, nor long after it', async () => {
    await failedLogs({ classes: ['transient'] });
    await inAll(at(2, '02:29'));
    await inAll(at(2, '02:46'));
    expect(await batches()).toEqual([]);
  });

  it.each([
    [{ cron: 'every night', timeZone: 'UTC' }, 'retrySchedule.cron'],
    [{ cron: '30 2 * * *', timeZone: 'Mars/Olympus' }, 'retrySchedule.timeZone'],
    [{ cron: '30 2 * * *', timeZone: 'UTC', classes: ['bad'] }, 'retrySchedule.classes'],
    [{ cron: '30 2 * * *', timeZone: 'UTC', limitPerRun: 0 }, 'retrySchedule.limitPerRun'],
  ])('refuses %j', async (retrySchedule, field) => {
    const settings = { actionId: 57, name: 'CRM', vendor: 'CRM', endpoint: { url: vendor.url }, retrySchedule };
    const { body } = await lab.post('/v1/integrations', settings).expect(422);
    expect(body.faults.map((fault: { field: string }) => fault.field)).toEqual([field]);
  });
});
