import { asLogId, type LogId, retryBatchIdOf } from '../../src/common/ids.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import type { Integration } from '../../src/integrations/integration.js';
import { LaneQueues } from '../../src/queues/lane-queues.js';
import { tryIdOf } from '../../src/queues/jobs.js';
import { DeliveryQueue } from '../../src/scheduling/delivery-queue.js';
import { aLog } from '../support/log-rows.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

/** More than one look at a backlog reads. */
const OF_BATCHES = 1_600;
const RETRY = { requestedBy: 'Ana', reason: 'the vendor is back', requestedAt: new Date() };

/** No process works on the lane here, so that it can be seen who got a slot. */
describe('retries of a batch that wait for a slot', () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost({ role: 'api' });
  });
  afterAll(() => host.close());

  const inLaneOf = async ({ _id }: Integration): Promise<string[]> => {
    const jobs = await host.find(LaneQueues).queue('delivery').getJobs(['wait', 'prioritized', 'delayed']);
    return jobs.flatMap(({ data }) => (data.integrationId === _id ? data.tries : []));
  };

  const integrationWith = (traffic: object) =>
    host.createIntegration({ url: 'http://127.0.0.1:9/', name: JSON.stringify(traffic), traffic });

  async function queuedLogs(integration: Integration, count: number, more: (index: number) => Partial<IntegrationLog>) {
    const logs = Array.from({ length: count }, (_, index) =>
      aLog({ integrationId: integration._id, status: 'QUEUED', attemptCount: 1, completedAt: null, ...more(index) }),
    );
    await host.find(IntegrationLogStore).insertQueued(logs);
    return logs.map(({ _id }) => _id);
  }

  const tryOf = (logId: LogId) => tryIdOf(asLogId(logId), 2);

  it('are brought out of MongoDB behind every live one, however long they have been due and however many they are', async () => {
    const integration = await integrationWith({ concurrency: 3 });
    const from = Date.now() - 3_600_000;
    await queuedLogs(integration, OF_BATCHES, (index) => ({
      nextAttemptAt: new Date(from + index),
      retry: { ...RETRY, batchId: retryBatchIdOf('outage') },
    }));
    const live = await queuedLogs(integration, 3, () => ({ nextAttemptAt: new Date() }));
    await host.find(DeliveryQueue).refill(integration._id);
    expect((await inLaneOf(integration)).toSorted()).toEqual(live.map(tryOf).toSorted());
  });

  it('are brought out of MongoDB where no live one waits', async () => {
    const integration = await integrationWith({ concurrency: 2 });
    const retried = await queuedLogs(integration, 2, () => ({
      nextAttemptAt: new Date(),
      retry: { ...RETRY, batchId: retryBatchIdOf('outage') },
    }));
    await host.find(DeliveryQueue).refill(integration._id);
    expect((await inLaneOf(integration)).toSorted()).toEqual(retried.map(tryOf).toSorted());
  });

  it('are not followed by more of them while anything waits', async () => {
    const integration = await integrationWith({ rate: { calls: 1, per: 'minute', burst: 1 } });
    const queue = host.find(DeliveryQueue);
    expect(await queue.spareSlots(integration._id)).toBeGreaterThan(0);
    const [first, second, third] = await queuedLogs(integration, 3, () => ({ nextAttemptAt: new Date() }));
    await queue.addDue(
      integration._id,
      [first, second, third].flatMap((logId) => (logId ? [{ id: tryOf(logId), dueAt: new Date() }] : [])),
    );
    expect((await inLaneOf(integration)).length).toBeLessThan(3);
    expect(await queue.spareSlots(integration._id)).toBe(0);
  });

  it('take no more of a rate than a second', async () => {
    const spareAt = async (calls: number) =>
      host.find(DeliveryQueue).spareSlots((await integrationWith({ rate: { calls, per: 'second', burst: 5 } }))._id);
    expect(await spareAt(3)).toBe(3);
    expect(await host.find(DeliveryQueue).spareSlots((await integrationWith({}))._id)).toBeGreaterThan(3);
  });
});
