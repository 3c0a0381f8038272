import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import { asLogId } from '../../src/common/ids.js';
import { InboundWebhook, type ReceivedWebhook, WaybillModule } from '../../src/index.js';
import { ReceivedRequestStore } from '../../src/logging/received/received-request.store.js';
import { BatchTries } from '../../src/retries/batches/batch-tries.js';
import { BatchTurn } from '../../src/retries/batches/batch-turn.js';
import { RetryBatchStore } from '../../src/retries/batches/retry-batch.store.js';
import { RetryBatchesWorker } from '../../src/retries/batches/retry-batches.worker.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { startFakeVendor } from '../support/fake-vendor.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

@Injectable()
class Results {
  readonly calls: { sampleId: string; key: string }[] = [];
  readonly refusing = new Set<string>();

  @InboundWebhook('acme-lab', '*')
  onResult({ sampleId }: { sampleId: string }, { idempotencyKey }: ReceivedWebhook): void {
    if (this.refusing.has(sampleId)) throw new UnprocessableEntityException('no such sample');
    this.calls.push({ sampleId, key: idempotencyKey });
  }
}

describe('a batch of webhooks that SUCCEEDed', () => {
  let host: TestHost;
  let results: Results;
  let lab: ApiClient;

  beforeAll(async () => {
    host = await startTestHost({ imports: [WaybillModule.forFeature({ handlers: [Results] })] });
    results = host.find(Results);
    lab = new ApiClient(host, await host.createKey());
  });

  beforeEach(() => {
    results.calls.length = 0;
    results.refusing.clear();
  });

  afterAll(() => host.close());

  /** A source with so many webhooks that SUCCEEDed, and how its batches are asked for. */
  async function received(count: number) {
    const { source, path } = await createSource(host);
    const send = async (sampleId: string, type = 'result.ready') => {
      const body = JSON.stringify({ type, sampleId });
      const answer = await host.http.post(path).set(signed(body)).send(body).expect(202);
      return String(answer.body.id);
    };
    const logIds: string[] = [];
    for (let number = 0; number < count; number += 1) logIds.push(await send(`S-${number}`));
    for (const logId of logIds) await host.waitForLog(logId, 'SUCCESS');
    results.calls.length = 0;
    const filter = { integrationId: source._id, context: { webhookType: 'result.ready' } };
    return { source, send, logIds, wanted: { filter, status: 'SUCCESS' } };
  }

  const preview = async (wanted: object) => (await lab.post('/v1/retry-batches/preview', wanted).expect(200)).body;

  async function start(wanted: object, more: object = {}) {
    const { confirm } = await preview(wanted);
    const order = { ...wanted, ...more, confirm, reason: 'the handler was fixed' };
    return (await lab.post('/v1/retry-batches', order).expect(202)).body;
  }

  const read = async (id: string) => (await lab.get(`/v1/retry-batches/${id}`).expect(200)).body;

  const ended = (id: string) =>
    eventually(
      () => read(id),
      ({ finishedAt }) => finishedAt !== null,
      30_000,
    );

  const itemsOf = async (id: string, outcome = 'succeeded') =>
    (await lab.get(`/v1/retry-batches/${id}/items?outcome=${outcome}`).expect(200)).body.items;

  it('replays those that its filter finds, each as a log of its own, oldest first', async () => {
    const { send, logIds, source, wanted } = await received(3);
    await host.waitForLog(await send('S-other', 'result.lost'), 'SUCCESS');
    results.refusing.add('S-failed');
    const failed = await send('S-failed');
    await host.waitForLog(failed, 'FAIL');
    results.calls.length = 0;
    expect(await preview(wanted)).toMatchObject({
      count: 3,
      groups: [{ integrationId: source._id, errorClass: null, count: 3 }],
      warnings: [],
    });
    expect(results.calls).toEqual([]);
    const batch = await start(wanted);
    expect(batch).toMatchObject({ status: 'SUCCESS', kind: 'filter', state: 'running' });
    expect(await ended(batch.id)).toMatchObject({ state: 'done', count: 3, progress: { succeeded: 3, failed: 0 } });
    const items: { logId: string; replayLogId: string }[] = await itemsOf(batch.id);
    expect(items.map(({ logId }) => logId)).toEqual(logIds);
    expect(results.calls.toSorted((a, b) => a.sampleId.localeCompare(b.sampleId))).toEqual(
      items.map(({ replayLogId }, number) => ({ sampleId: `S-${number}`, key: replayLogId })),
    );
    expect(await host.waitForLog(items[0]?.replayLogId ?? '', 'SUCCESS')).toMatchObject({
      parentLogId: logIds[0],
      firstAttempt: { trigger: 'manual', reason: 'the handler was fixed' },
    });
    expect(await host.waitForLog(failed, 'FAIL')).toMatchObject({ attemptCount: 1 });
    const entries = await lab.get('/v1/audit?limit=100').expect(200);
    expect(JSON.stringify(entries.body)).toContain('retry-batch.start');
  });

  it('takes no replays of its webhooks, but where they are named', async () => {
    const { wanted } = await received(2);
    const first = await start(wanted);
    await ended(first.id);
    expect(await preview(wanted)).toMatchObject({ count: 2 });
    const logIds = (await itemsOf(first.id)).map(({ replayLogId }: { replayLogId: string }) => replayLogId);
    const second = await start({ logIds, status: 'SUCCESS' });
    expect(await ended(second.id)).toMatchObject({ kind: 'ids', progress: { succeeded: 2 } });
    expect(results.calls).toHaveLength(4);
  });

  it('tells which FAILed this time, and which are kept no longer', async () => {
    const { logIds, wanted } = await received(3);
    results.refusing.add('S-1');
    await host.find(ReceivedRequestStore).forget([asLogId(logIds[2] ?? '')]);
    const { id } = await start(wanted);
    expect(await ended(id)).toMatchObject({ progress: { succeeded: 1, failed: 1, skipped: 1 } });
    expect(await itemsOf(id, 'failed')).toMatchObject([
      { logId: logIds[1], why: expect.stringMatching(/^HTTP_422: /), replayLogId: expect.stringMatching(/^log_/) },
    ]);
    expect(await itemsOf(id, 'skipped')).toMatchObject([
      { logId: logIds[2], why: expect.stringContaining('kept no longer'), replayLogId: null },
    ]);
    const csv = await lab.get(`/v1/retry-batches/${id}/items/export?format=csv&outcome=succeeded`).responseType('blob');
    expect(String(csv.body)).toMatch(/,replayLogId\r\nlog_\w+,src_\w+,succeeded,,[^,]+,log_\w+\r\n$/);
  });

  it('keeps to its rate, and can be paused and cancelled', async () => {
    const { wanted } = await received(6);
    const { id } = await start(wanted, { ratePerSecond: 2 });
    await eventually(
      () => results.calls.length,
      (count) => count >= 2,
    );
    await lab.post(`/v1/retry-batches/${id}/pause`).expect(200);
    const paused = await eventually(
      () => read(id),
      ({ progress }) => progress.queued === 0,
    );
    expect(paused.progress.waiting).toBeGreaterThan(0);
    await lab.post(`/v1/retry-batches/${id}/cancel`).expect(200);
    const { progress } = await ended(id);
    expect([progress.succeeded, progress.succeeded + progress.cancelled]).toEqual([results.calls.length, 6]);
  });

  it.each([
    [{ vendor: 'acme-lab' }, 'nothing'],
    [{ direction: 'outbound', vendor: 'acme-lab' }, 'outbound'],
    [{ integrationId: 'int_0190' }, 'nothing'],
    [{ direction: 'inbound', integrationId: 'int_0190' }, 'inbound'],
  ])('refuses %j, which may find deliveries', async (filter, got) => {
    const { body } = await lab.post('/v1/retry-batches/preview', { filter, status: 'SUCCESS' }).expect(400);
    expect(body.faults).toEqual([
      {
        field: 'filter.direction',
        expected: expect.stringContaining('deliveries that SUCCEEDed are not made again'),
        received: got,
      },
    ]);
  });

  it('refuses the id of a delivery, and says what there is in its place', async () => {
    const vendor = await startFakeVendor();
    await host.createIntegration({ url: vendor.url });
    const event = await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    const delivery = String(event.deliveries[0]?.logId);
    await host.waitForLog(delivery, 'SUCCESS');
    const { logIds } = await received(1);
    const wanted = { logIds: [...logIds, delivery], status: 'SUCCESS' };
    const { body } = await lab.post('/v1/retry-batches/preview', wanted).expect(409);
    expect(body).toMatchObject({ code: 'LOG_NOT_REPLAYABLE', detail: expect.stringContaining(delivery) });
    expect(body.remedy).toContain('/v1/events/again');
    const others = await preview({ logIds: [...logIds, 'log_none'], status: 'SUCCESS' });
    expect(others).toMatchObject({ count: 1, warnings: [expect.stringMatching(/^1 of the logs cannot be replayed/)] });
    for (const status of ['QUEUED', null]) await lab.post('/v1/retry-batches/preview', { logIds, status }).expect(400);
    const { confirm } = await preview({ logIds, status: 'SUCCESS' });
    const retry = await lab.post('/v1/retry-batches', { logIds, confirm, reason: 'x' }).expect(409);
    expect(retry.body.code).toBe('RETRY_BATCH_NOT_CONFIRMED');
    await vendor.close();
  });

  it('makes one replay of each, where a worker died before or after it had made it', async () => {
    const { wanted, logIds } = await received(2);
    await host.find(RetryBatchesWorker).onModuleDestroy();
    const store = host.find(RetryBatchStore);
    const turn = host.find(BatchTurn);
    const { id } = await start(wanted);
    const batch = await store.lease(id, 'test');
    if (!batch) throw new Error('The batch is open');
    for await (const page of turn.collect(batch)) expect(page).toBeUndefined();
    const collected = await store.lease(id, 'test');
    if (!collected) throw new Error('The batch is open');
    const making = jest.spyOn(host.find(BatchTries), 'make').mockRejectedValueOnce(new Error('it died'));
    await expect(turn.queueSome(collected, 1)).rejects.toThrow('it died');
    making.mockRestore();
    await turn.settle(collected, '');
    expect(await store.countOutcomes(collected._id)).toMatchObject({ waiting: 2, queued: 0 });
    await turn.queueSome(collected, 1);
    const [item] = await store.findItems(collected._id, { limit: 1 });
    if (!item) throw new Error('The batch has items');
    await store.settle('queued', [{ _id: item._id, outcome: 'waiting', why: null }]);
    await eventually(
      async () => {
        await turn.queueSome(collected, 10);
        await turn.settle(collected, '');
        return store.countOutcomes(collected._id);
      },
      ({ succeeded }) => succeeded === 2,
    );
    expect(results.calls.map(({ sampleId }) => sampleId).toSorted()).toEqual(['S-0', 'S-1']);
    const replays = (await host.logs()).filter(({ parentLogId }) => parentLogId && logIds.includes(parentLogId));
    expect(replays).toHaveLength(2);
  });
});
