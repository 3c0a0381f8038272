import {
  asErasureId,
  asIntegrationId,
  asRetryBatchId,
  asTenantId,
  newEventId,
  newLogId,
} from '../../src/common/ids.js';
import type { ActionEvent } from '../../src/dispatch/action-event.collection.js';
import type { Erasure } from '../../src/erasure/erasure.collection.js';
import { type AttemptDocument, contextKeysOf, type IntegrationLog } from '../../src/logging/integration-log.js';
import type { RetryBatch, RetryBatchItem } from '../../src/retries/batches/retry-batch.js';
import { aBody, aTry } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { Installation } from '../support/installation.js';
import { aLog } from '../support/log-rows.js';

const TENANT = 'lab-1';
const RETRIES = 120;
/** Takes a worker long enough to be killed at. */
const MANY = 6_000;
const PAGE = 1_000;
const ENDED_MS = 90_000;
const ACTION = {
  id: 900,
  name: 'sample.collected',
  contextFields: [{ name: 'patientId', type: 'string', required: true }],
};

describe('work of a worker that is killed in the middle of it', () => {
  let intent: FakeVendor;
  let vendor: FakeVendor;
  let waybill: Installation;
  let integrationId: string;

  beforeAll(async () => {
    [intent, vendor] = await Promise.all([startFakeVendor(), startFakeVendor()]);
    intent.answer({ body: {} });
    waybill = await Installation.start('killed', {
      env: {
        WAYBILL_DELIVERY_TAKEOVER_AFTER_MS: '2000',
        WAYBILL_RECONCILER_INTERVAL_MS: '200',
        WAYBILL_RECONCILER_GRACE_MS: '1000',
      },
    });
    await waybill.call('POST', '/v1/tenants', { id: TENANT, name: 'Lab one' });
    await waybill.call('POST', '/v1/actions', { ...ACTION, intentUrl: intent.url });
    const { id } = await waybill.call('POST', '/v1/integrations', {
      tenantId: TENANT,
      actionId: ACTION.id,
      name: 'Board',
      vendor: 'Board',
      endpoint: { url: vendor.url },
    });
    integrationId = String(id);
  });

  afterAll(async () => {
    await waybill.close();
    await Promise.all([intent.close(), vendor.close()]);
  });

  const logs = () => waybill.mongo.collection<IntegrationLog>('integration_logs');
  const events = () => waybill.mongo.collection<ActionEvent>('action_events');
  const items = () => waybill.mongo.collection<RetryBatchItem>('retry_batch_items');
  const erasures = () => waybill.mongo.collection<Erasure>('erasures');

  /** A log that FAILed, with what its try sent. */
  function aFailedLog(patientId: string, errorCode: string): IntegrationLog {
    const log = aLog({
      _id: newLogId(),
      tenantId: asTenantId(TENANT),
      eventId: newEventId(),
      actionId: ACTION.id,
      actionName: ACTION.name,
      integrationId: asIntegrationId(integrationId),
      vendor: 'Board',
      context: { tenantId: TENANT, patientId },
      contextKeys: contextKeysOf({ patientId }),
      status: 'FAIL',
      errorClass: 'transient',
      errorCode,
      errorMessage: `The vendor answered 503 for ${patientId}`,
    });
    const { attempt } = aTry({ ...log, attemptCount: 0 }, { request: aBody(`{"id":"${patientId}"}`), response: null });
    return { ...log, firstAttempt: { ...attempt, outcome: 'fail', errorClass: 'transient' } };
  }

  async function insertFailedLogs(count: number, patientId: string, errorCode: string) {
    const all = Array.from({ length: count }, () => aFailedLog(patientId, errorCode));
    for (let at = 0; at < count; at += PAGE) await logs().insertMany(all.slice(at, at + PAGE));
    return all.map(({ _id }) => _id);
  }

  async function startBatch(errorCode: string, ratePerSecond: number) {
    const wanted = { filter: { errorCode } };
    const { confirm } = await waybill.call('POST', `/v1/retry-batches/preview?tenantId=${TENANT}`, wanted);
    const order = { ...wanted, reason: 'the vendor is back', confirm, ratePerSecond };
    const { id } = await waybill.call('POST', `/v1/retry-batches?tenantId=${TENANT}`, order);
    return asRetryBatchId(String(id));
  }

  const batchEnd = (id: string) =>
    eventually(
      () => waybill.call('GET', `/v1/retry-batches/${id}?tenantId=${TENANT}`),
      ({ finishedAt }) => finishedAt !== null,
      ENDED_MS,
    );

  it('a batch is retried to its end by another one, each log once but for what was under way', async () => {
    const ids = await insertFailedLogs(RETRIES, 'P-1', 'HTTP_503');
    const known = new Set<string>(ids);
    const callsOf = () => vendor.requests.filter(({ headers }) => known.has(String(headers['webhook-id'])));
    const first = await waybill.startWorker();
    const id = await startBatch('HTTP_503', 40);
    await eventually(
      () => callsOf().length,
      (count) => count >= RETRIES / 3,
      ENDED_MS,
    );
    await first.end('SIGKILL');
    expect(callsOf().length).toBeLessThan(RETRIES);

    const second = await waybill.startWorker();
    expect(await batchEnd(id)).toMatchObject({ state: 'done', count: RETRIES, progress: { succeeded: RETRIES } });
    await second.end('SIGTERM');
    expect(await logs().countDocuments({ _id: { $in: ids }, status: 'SUCCESS' })).toBe(RETRIES);
    const tries = await waybill.mongo
      .collection<AttemptDocument>('integration_attempts')
      // Those that it recorded and did not live to move their logs by stand beside them.
      .find({ logId: { $in: ids }, superseded: false })
      .toArray();
    const unknown = tries.filter(({ outcome }) => outcome === 'unknown');
    expect(tries).toHaveLength(RETRIES + unknown.length);
    expect(new Set(callsOf().map(({ headers }) => headers['webhook-id'])).size).toBe(RETRIES);
    expect(callsOf().length).toBeLessThanOrEqual(RETRIES + unknown.length);
  });

  it('the logs of a batch are written down anew by another one, each once', async () => {
    await insertFailedLogs(MANY, 'P-2', 'HTTP_504');
    await waybill.call('POST', `/v1/integrations/${integrationId}/pause?tenantId=${TENANT}`, { reason: 'not yet' });
    const first = await waybill.startWorker();
    const id = await startBatch('HTTP_504', 1_000);
    await eventually(
      () => items().countDocuments({ batchId: id }),
      (count) => count > 0,
      ENDED_MS,
    );
    await first.end('SIGKILL');
    const batches = waybill.mongo.collection<RetryBatch>('retry_batches');
    expect(await batches.findOne({ _id: id })).toMatchObject({ collected: false });
    expect(await items().countDocuments({ batchId: id })).toBeLessThan(MANY);

    const second = await waybill.startWorker();
    const collected = await eventually(
      () => waybill.call('GET', `/v1/retry-batches/${id}?tenantId=${TENANT}`),
      ({ count }) => count !== null,
      ENDED_MS,
    );
    expect(collected).toMatchObject({ count: MANY, progress: { waiting: MANY } });
    expect(new Set(await items().distinct('logId', { batchId: id })).size).toBe(MANY);
    await waybill.call('POST', `/v1/retry-batches/${id}/cancel?tenantId=${TENANT}`);
    expect(await batchEnd(id)).toMatchObject({ state: 'cancelled', progress: { cancelled: MANY } });
    await second.end('SIGTERM');
  });

  /** Everything that is stored, but the erasures themselves, and the audit log, which is never changed. */
  async function everything(): Promise<string> {
    const { db } = waybill.mongo;
    const collections = (await db?.listCollections().toArray()) ?? [];
    const stored = await Promise.all(
      collections
        .filter(({ name }) => name !== 'erasures' && name !== 'audit_entries')
        .map(async ({ name }) => db?.collection(name).find().toArray()),
    );
    return JSON.stringify(stored);
  }

  async function insertEventsOf(patientId: string, count: number): Promise<void> {
    const { deliveries } = await waybill.call('POST', '/v1/events', {
      action: ACTION.name,
      context: { tenantId: TENANT, patientId },
    });
    expect(deliveries).toHaveLength(1);
    const [event] = await events().find({ 'context.patientId': patientId }).toArray();
    if (!event) throw new Error('The event was not stored');
    await events().insertMany(Array.from({ length: count }, () => ({ ...event, _id: newEventId(), deliveries: [] })));
  }

  it('a person is erased to the end by another one, and nobody else is', async () => {
    await insertFailedLogs(MANY, 'P-1042', 'HTTP_500');
    await insertEventsOf('P-1042', PAGE);
    const others = await insertFailedLogs(50, 'P-7', 'HTTP_500');
    const othersBefore = await logs()
      .find({ _id: { $in: others } })
      .toArray();
    const erased = { errorCode: 'HTTP_500', erasedAt: { $exists: true } };
    const first = await waybill.startWorker();
    const { id } = await waybill.call('POST', '/v1/erasures', {
      tenantId: TENANT,
      context: { patientId: 'P-1042' },
      reason: 'asked for by letter',
    });
    await eventually(
      () => logs().countDocuments(erased),
      (count) => count > 0,
      ENDED_MS,
    );
    await first.end('SIGKILL');
    expect(await logs().countDocuments(erased)).toBeLessThan(MANY);
    expect(await everything()).toContain('P-1042');
    // The minute for which the killed one has it.
    await erasures().updateOne({ _id: asErasureId(String(id)) }, { $set: { dueAt: new Date() } });

    const second = await waybill.startWorker();
    const done = await eventually(
      () => waybill.call('GET', `/v1/erasures/${String(id)}?tenantId=${TENANT}`),
      ({ state }) => state === 'done',
      ENDED_MS,
    );
    await second.end('SIGTERM');
    expect(await everything()).not.toContain('P-1042');
    expect(await logs().countDocuments(erased)).toBe(MANY);
    expect(
      await logs()
        .find({ _id: { $in: others } })
        .toArray(),
    ).toEqual(othersBefore);
    // What the killed one did in its last second may be missing in the counts (docs/operations.md).
    expect(done).toMatchObject({ counts: { failed: expect.any(Number) } });
  });
});
