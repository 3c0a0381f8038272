import { IntegrationDirectory } from '../../src/integrations/integration-directory.js';
import { RetryBatchesWorker } from '../../src/retries/batches/retry-batches.worker.js';
import { asLogId, asRetryBatchId } from '../../src/common/ids.js';
import { LogWalk } from '../../src/logging/log-walk.js';
import { BatchTurn } from '../../src/retries/batches/batch-turn.js';
import { RetryService } from '../../src/retries/retry.service.js';
import { RetryBatchStore } from '../../src/retries/batches/retry-batch.store.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor, type VendorAnswer } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

describe('/v1/retry-batches', () => {
  let host: TestHost;
  /** A second process of the same installation. */
  let second: TestHost;
  let vendor: FakeVendor;
  let labs = 0;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    const patients = Array.from({ length: 60 }, (_, index) => ({ id: `P-${index}`, name: `No ${index}`, phone: null }));
    host = await startServerHost({ patients });
    second = await startServerHost({ patients, settings: { ...host.settings } });
  });

  afterAll(async () => {
    await vendor.close();
    await second.close({ keepData: true });
    await host.close();
  });

  beforeEach(() => vendor.answer({ status: 422 }));

  /** So many logs that FAILed, of a tenant of its own. */
  async function failedLogs(count: number, change: Readonly<Record<string, unknown>> = {}) {
    const tenantId = await host.createTenant(`lab-batches-${++labs}`);
    const integration = await host.createIntegration({ url: vendor.url, tenantId, ...change });
    const lab = new ApiClient(host, await host.createKey(tenantId));
    const emit = async (index: number): Promise<string> => {
      const context = { patientId: `P-${index}` };
      const { body } = await lab.post('/v1/events', { action: 57, context }).expect(202);
      return body.deliveries[0].logId;
    };
    const logIds = await Promise.all(Array.from({ length: count }, (_, index) => emit(index)));
    for (const logId of logIds) await host.waitForLog(logId, 'FAIL');
    const selection = { filter: { integrationId: integration._id } };
    const preview = async (wanted: object = selection) =>
      (await lab.post('/v1/retry-batches/preview', wanted).expect(200)).body;
    const start = async (more: object = {}, wanted: object = selection) => {
      const { confirm } = await preview(wanted);
      const { body } = await lab.post('/v1/retry-batches', { ...wanted, reason: 'vendor is back', confirm, ...more });
      return body;
    };
    const read = async (id: string) => (await lab.get(`/v1/retry-batches/${id}`).expect(200)).body;
    const ended = (id: string) =>
      eventually(
        () => read(id),
        ({ finishedAt }) => finishedAt !== null,
        30_000,
      );
    const retried = () =>
      vendor.requests.filter(({ headers }) => logIds.includes(String(headers['webhook-id']))).length - count;
    return { tenantId, integration, lab, emit, logIds, selection, preview, start, read, ended, retried };
  }

  it('previews what it would be, and changes nothing', async () => {
    const { preview, integration, retried, logIds, lab } = await failedLogs(3);
    await lab.post(`/v1/logs/${logIds[0]}/resolve`, { note: 'by phone' }).expect(200);
    expect(await preview()).toEqual({
      count: 2,
      groups: [
        {
          integrationId: integration._id,
          integrationName: integration.name,
          errorClass: 'rejected',
          count: 2,
          oldestAt: expect.any(String),
        },
      ],
      oldestAt: expect.any(String),
      warnings: [],
      confirm: expect.any(String),
    });
    const { warnings } = await preview({ logIds: [...logIds, 'log_none'] });
    expect(warnings).toEqual([expect.stringMatching(/^2 of the logs cannot be retried/)]);
    expect(retried()).toBe(0);
  });

  it('retries what was previewed, each log once, and tells what became of each', async () => {
    const { start, ended, logIds, lab, retried } = await failedLogs(12);
    vendor.answer(({ body }): VendorAnswer => ({ status: body.includes('No 3') ? 422 : 200 }));
    const batch = await start();
    expect(batch).toMatchObject({ id: expect.stringMatching(/^rtb_/), state: 'running', reason: 'vendor is back' });
    expect(await ended(batch.id)).toMatchObject({
      state: 'done',
      count: 12,
      progress: { waiting: 0, queued: 0, succeeded: 11, failed: 1, skipped: 0, cancelled: 0 },
    });
    expect(retried()).toBe(12);
    const failed = await lab.get(`/v1/retry-batches/${batch.id}/items?outcome=failed`).expect(200);
    expect(failed.body.items).toEqual([
      expect.objectContaining({ logId: logIds[3], outcome: 'failed', why: expect.stringMatching(/^HTTP_422: /) }),
    ]);
    const log = await lab.get(`/v1/logs/${logIds[5]}`).expect(200);
    expect(log.body.attempts[1]).toMatchObject({ trigger: 'manual', reason: 'vendor is back' });
  });

  it('lists its logs by pages, and exports them as NDJSON and as CSV without formulas', async () => {
    const { start, ended, lab, integration } = await failedLogs(5, { name: 'CRM' });
    vendor.answer({ status: 422, body: { error: 'again, "no"' } });
    const { id } = await start();
    await ended(id);
    const pages = await lab.all(`/v1/retry-batches/${id}/items`, 2);
    expect(pages).toHaveLength(5);
    const ndjson = await lab.get(`/v1/retry-batches/${id}/items/export`).responseType('blob').expect(200);
    expect(ndjson.headers['content-type']).toMatch(/^application\/x-ndjson/);
    expect(
      String(ndjson.body)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(pages);
    await host.find(RetryBatchStore).settle(
      'failed',
      (await host.find(RetryBatchStore).findItems(asRetryBatchId(id), { limit: 1 })).map(({ _id }) => ({
        _id,
        outcome: 'failed',
        why: '=cmd()',
      })),
    );
    const csv = await lab.get(`/v1/retry-batches/${id}/items/export?format=csv&outcome=failed`).responseType('blob');
    const [head, first, other] = String(csv.body).split('\r\n');
    expect(head).toBe('logId,integrationId,outcome,why,updatedAt,replayLogId');
    expect(first).toContain(`,${integration._id},failed,'=cmd(),`);
    expect(other).toContain(',"HTTP_422: The vendor answered 422: the request was refused. It says: again, ""no""",');
  });

  it('leaves out what FAILed after the preview', async () => {
    const { preview, selection, lab, emit, ended } = await failedLogs(2);
    const { confirm } = await preview();
    const later = await emit(30);
    await host.waitForLog(later, 'FAIL');
    vendor.answer({ status: 200 });
    const { body } = await lab.post('/v1/retry-batches', { ...selection, reason: 'x', confirm }).expect(202);
    expect(await ended(body.id)).toMatchObject({ count: 2, progress: { succeeded: 2 } });
    expect(await host.waitForLog(later, 'FAIL')).toMatchObject({ attemptCount: 1 });
  });

  it('is one batch, however often it is confirmed', async () => {
    const { preview, selection, lab, ended, retried } = await failedLogs(4);
    vendor.answer({ status: 200 });
    const { confirm } = await preview();
    const answers = await Promise.all(
      [1, 2, 3].map(() => lab.post('/v1/retry-batches', { ...selection, reason: 'x', confirm }).expect(202)),
    );
    const ids = new Set(answers.map(({ body }) => body.id));
    expect(ids.size).toBe(1);
    await ended(answers[0]?.body.id);
    expect(retried()).toBe(4);
  });

  it.each([
    [{}, ['filter', 'logIds']],
    [{ filter: {} }, ['filter']],
    [{ filter: { context: {} } }, ['filter']],
    [{ filter: { status: 'FAIL' } }, ['filter.status']],
    [{ filter: { patientId: 'P-1' } }, ['patientId']],
    [{ filter: { from: 'yesterday' } }, ['from']],
    [{ logIds: [] }, ['logIds']],
    [{ logIds: ['P-1'] }, ['logIds']],
  ])('refuses %j', async (selection, fields) => {
    const { lab } = await failedLogs(0);
    const { body } = await lab.post('/v1/retry-batches/preview', selection).expect(400);
    const faults: { field: string }[] = body.faults;
    expect([...new Set(faults.map(({ field }) => field))].toSorted()).toEqual(fields);
  });

  it('is not started without the preview of the same logs, nor with no logs at all', async () => {
    const { preview, lab, selection, logIds } = await failedLogs(1);
    const { confirm } = await preview();
    const post = async (body: object) => {
      const answer = await lab.post('/v1/retry-batches', { reason: 'x', ...body });
      return [answer.status, answer.body.code];
    };
    expect(await post({ logIds, confirm })).toEqual([409, 'RETRY_BATCH_NOT_CONFIRMED']);
    expect(await post({ ...selection, confirm: 'yes' })).toEqual([409, 'RETRY_BATCH_NOT_CONFIRMED']);
    expect(await post({ ...selection })).toEqual([400, 'REQUEST_INVALID']);
    expect(await post({ logIds, filter: [], confirm })).toEqual([400, 'REQUEST_INVALID']);
    const none = { filter: { errorCode: 'HTTP_999' } };
    const { confirm: ofNone } = await preview(none);
    expect(await post({ ...none, confirm: ofNone })).toEqual([422, 'RETRY_BATCH_SIZE']);
  });

  it('keeps to its rate, and can be paused, resumed and cancelled', async () => {
    const { start, read, lab, ended, retried } = await failedLogs(12);
    vendor.answer({ status: 200 });
    const { id } = await start({ ratePerSecond: 2 });
    await eventually(retried, (count) => count >= 2);
    await lab.post(`/v1/retry-batches/${id}/pause`).expect(200);
    const paused = await eventually(
      () => read(id),
      ({ progress }) => progress.queued === 0,
    );
    expect(paused.progress.waiting).toBeGreaterThan(4);
    await lab.post(`/v1/retry-batches/${id}/resume`).expect(200);
    await eventually(retried, (count) => count > paused.progress.succeeded);
    await lab.post(`/v1/retry-batches/${id}/cancel`).expect(200);
    const { state, progress } = await ended(id);
    expect(state).toBe('cancelled');
    expect(progress.cancelled).toBeGreaterThan(0);
    expect([progress.succeeded + progress.cancelled, progress.succeeded]).toEqual([12, retried()]);
    expect((await lab.post(`/v1/retry-batches/${id}/resume`)).body.code).toBe('RETRY_BATCH_ENDED');
  });

  it('skips what somebody else has retried or resolved, or whose integration is disabled', async () => {
    const { start, read, ended, lab, logIds, integration } = await failedLogs(3);
    vendor.answer({ status: 200 });
    const { id } = await start({ ratePerSecond: 1 });
    await lab.post(`/v1/retry-batches/${id}/pause`).expect(200);
    await eventually(
      () => read(id),
      ({ count, progress }) => count === 3 && progress.queued === 0,
    );
    const waiting = await lab.get(`/v1/retry-batches/${id}/items?outcome=waiting`).expect(200);
    const [first, other]: { logId: string }[] = waiting.body.items;
    await lab.post(`/v1/logs/${first?.logId}/resolve`, { note: 'by phone' }).expect(200);
    await lab.post(`/v1/logs/${other?.logId}/retry`, { reason: 'now' }).expect(202);
    await host.waitForLog(other?.logId ?? '', 'SUCCESS');
    await lab.post(`/v1/retry-batches/${id}/resume`).expect(200);
    expect((await ended(id)).progress).toMatchObject({ skipped: 2 });
    await lab.post(`/v1/logs/${first?.logId}/unresolve`).expect(200);
    await lab.patch(`/v1/integrations/${integration._id}`, { enabled: false }).expect(200);
    await eventually(
      () => Promise.all([host, second].map(({ find }) => find(IntegrationDirectory).forDelivery(integration._id))),
      (known) => known.every((one) => one?.enabled === false),
    );
    const disabled = await start({}, { logIds });
    expect((await ended(disabled.id)).progress).toMatchObject({ succeeded: 0, skipped: 1 });
  });

  it('goes on in another process when the one that worked on it ends', async () => {
    const patients = [...host.patients.values()];
    const third = await startServerHost({ patients, settings: { ...host.settings } });
    for (const { find } of [host, second]) await find(RetryBatchesWorker).onModuleDestroy();
    const { start, ended, retried } = await failedLogs(10);
    vendor.answer({ status: 200 });
    const { id } = await start({ ratePerSecond: 5 });
    await eventually(retried, (count) => count >= 3);
    await third.close({ keepData: true });
    expect(retried()).toBeLessThan(10);
    const fourth = await startServerHost({ patients, settings: { ...host.settings } });
    expect(await ended(id)).toMatchObject({ progress: { succeeded: 10 } });
    expect(retried()).toBe(10);
    await fourth.close({ keepData: true });
  });

  it('puts only those back to QUEUED that nobody else has moved or claimed meanwhile', async () => {
    const { tenantId, logIds, lab, selection, preview } = await failedLogs(3);
    await Promise.all([host, second].map(({ find }) => find(RetryBatchesWorker).onModuleDestroy()));
    const { confirm } = await preview();
    const { body } = await lab.post('/v1/retry-batches', { ...selection, reason: 'x', confirm }).expect(202);
    const store = host.find(RetryBatchStore);
    const batch = await store.lease(body.id, 'test');
    if (!batch) throw new Error('The batch is open');
    for await (const page of host.find(BatchTurn).collect(batch)) expect(page).toBeUndefined();
    const items = await store.findItems(batch._id, { limit: 3 });
    await store.settle(
      'waiting',
      items.slice(0, 1).map(({ _id }) => ({ _id, outcome: 'cancelled', why: null })),
    );
    const claims = items.map(({ _id }) => ({ _id, fromAttempt: 1 }));
    expect(await store.claim(claims)).toEqual(new Set(items.slice(1).map(({ _id }) => _id)));
    expect(await store.claim(claims)).toEqual(new Set());
    await store.settle(
      'waiting',
      items.map(({ _id }) => ({ _id, outcome: 'skipped', why: 'it is QUEUED' })),
    );
    expect(await store.countOutcomes(batch._id)).toMatchObject({ queued: 2, cancelled: 1, skipped: 0 });

    const seen = await host.find(LogWalk).states(tenantId, logIds.map(asLogId));
    await lab.post(`/v1/logs/${logIds[1]}/retry`, { reason: 'now' }).expect(202);
    const wanted = { requestedBy: 'support', reason: 'x', batchId: batch._id };
    const queued = await host.find(RetryService).retryOfBatch(tenantId, [...seen.values()], wanted);
    expect(queued).toEqual(new Set([logIds[0], logIds[2]]));
    expect(await host.findLog(asLogId(logIds[0] ?? ''))).toMatchObject({
      status: 'QUEUED',
      retry: { batchId: batch._id, reason: 'x' },
    });
  });

  it('queues nothing of an integration that has no slots to spare', async () => {
    await Promise.all([host, second].map(({ find }) => find(RetryBatchesWorker).onModuleDestroy()));
    const { start, integration, lab, read } = await failedLogs(3);
    await lab.post(`/v1/integrations/${integration._id}/pause`, { reason: 'their maintenance' }).expect(200);
    const { id } = await start();
    const batch = await host.find(RetryBatchStore).lease(id, 'test');
    if (!batch) throw new Error('The batch is open');
    for await (const page of host.find(BatchTurn).collect(batch)) expect(page).toBeUndefined();
    const collected = { ...batch, integrationIds: [integration._id] };
    expect(await host.find(BatchTurn).queueSome(collected, 100)).toBe(0);
    expect((await read(id)).progress).toMatchObject({ waiting: 3, queued: 0 });
  });

  it('lets live deliveries go first', async () => {
    const patients = [...host.patients.values()];
    const worker = await startServerHost({ patients, settings: { ...host.settings } });
    const { start, ended, emit, retried, logIds } = await failedLogs(24, { traffic: { concurrency: 2 } });
    vendor.answer(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { status: 200 };
    });
    const { id } = await start({ ratePerSecond: 1_000 });
    await eventually(retried, (count) => count >= 4);
    const before = retried();
    const live = await Promise.all(Array.from({ length: 12 }, (_, index) => emit(40 + index)));
    const isLast = () => {
      const ids = vendor.requests.map(({ headers }) => String(headers['webhook-id']));
      return live.every((logId) => ids.includes(logId));
    };
    await eventually(isLast, (done) => done);
    const ids = vendor.requests.map(({ headers }) => String(headers['webhook-id']));
    const last = Math.max(...live.map((logId) => ids.indexOf(logId)));
    const meanwhile = ids.slice(0, last).filter((logId) => logIds.includes(logId)).length - logIds.length - before;
    // The slots that the batch had when they came, and those that its worker had just looked at.
    expect(meanwhile).toBeLessThanOrEqual(6);
    expect((await ended(id)).progress).toMatchObject({ succeeded: 24 });
    await worker.close({ keepData: true });
  });
});
