import { once } from 'node:events';
import type { IntegrationId, LogId } from '../../src/common/ids.js';
import { ACTION_EVENTS } from '../../src/dispatch/action-event.collection.js';
import { IdempotencyConflictError } from '../../src/dispatch/idempotency-conflict.error.js';
import { RequestInvalidError } from '../../src/http/request-invalid.error.js';
import { IntegrationDirectory } from '../../src/integrations/integration-directory.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { LaneQueues } from '../../src/queues/lane-queues.js';
import { RetryService } from '../../src/retries/retry.service.js';
import { Database } from '../../src/storage/database.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { dumpRedis } from '../support/redis-dump.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

describe('the way of an event', () => {
  let host: TestHost;
  let vendor: FakeVendor;

  beforeEach(async () => {
    vendor = await startFakeVendor();
    host = await startTestHost();
  });

  afterEach(async () => {
    await host.close();
    await vendor.close();
  });

  const emit = (patientId = 'P-1', options: Parameters<TestHost['dispatcher']['emit']>[2] = {}) =>
    host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId }, options);

  /** The first log of an event, with all of its tries. */
  async function triesOf(logId: Parameters<TestHost['waitForLog']>[0], status: Parameters<TestHost['waitForLog']>[1]) {
    const log = await host.waitForLog(logId, status);
    return { log, tries: await host.find(IntegrationLogStore).attemptsOf(log) };
  }

  it('delivers the live record, and logs the one try inside the log row', async () => {
    await host.createIntegration({
      url: `${vendor.url}/patients/{{context.patientId}}?via={{action.name}}`,
      mapping: '{ "mrn": data.id, "fullName": data.name, "delivery": deliveryId }',
      auth: { kind: 'bearer', token: 'top-secret-token' },
    });
    const { eventId, duplicate, deliveries, skipped } = await emit();
    expect({ duplicate, skipped, count: deliveries.length }).toEqual({ duplicate: false, skipped: [], count: 1 });
    const logId = deliveries[0]?.logId ?? '';
    const { log, tries } = await triesOf(logId, 'SUCCESS');
    const [request] = vendor.requests;
    expect(request).toMatchObject({
      method: 'POST',
      url: '/patients/P-1?via=patient.registered',
      json: { mrn: 'P-1', fullName: 'Ana Souza', delivery: logId },
    });
    expect(request?.headers).toMatchObject({ authorization: 'Bearer top-secret-token', 'webhook-id': logId });
    expect(log).toMatchObject({
      eventId,
      tenantId: LAB,
      attemptCount: 1,
      nextAttemptAt: null,
      contextKeys: ['patientId=P-1'],
    });
    expect(tries).toHaveLength(1);
    expect(tries[0]).toMatchObject({ number: 1, trigger: 'first', outcome: 'success', response: { status: 200 } });
    expect(JSON.stringify({ log, tries })).not.toContain('top-secret-token');
  });

  it('fans one event out to every matching integration, and says why the others got nothing', async () => {
    const ehr = await host.createIntegration({ url: vendor.url, name: 'EHR' });
    const sms = await host.createIntegration({ url: vendor.url, name: 'SMS', filter: "context.patientId = 'P-1'" });
    const off = await host.createIntegration({ url: vendor.url, name: 'Off', enabled: false });
    const other = await host.createIntegration({ url: vendor.url, name: 'Other', filter: "context.patientId = 'P-2'" });
    const result = await emit();
    expect(result.deliveries.map(({ integrationId }) => integrationId).sort()).toEqual([ehr._id, sms._id].sort());
    expect(result.skipped).toEqual(
      expect.arrayContaining([
        { integrationId: off._id, reason: 'disabled' },
        { integrationId: other._id, reason: 'filtered' },
      ]),
    );
    await vendor.waitFor(2);
  });

  it('records an event that matched nothing, with the reason', async () => {
    const { eventId, deliveries } = await emit();
    expect(deliveries).toEqual([]);
    const event = await host.find(Database).model(ACTION_EVENTS).findById(eventId).lean();
    expect(event).toMatchObject({ unmatchedReason: 'no_integration', deliveries: [] });
  });

  it('makes a filter that cannot be evaluated a log that FAILed, never silence', async () => {
    await host.createIntegration({ url: vendor.url, filter: '$error("no way")' });
    const { deliveries } = await emit();
    const log = await host.waitForLog(deliveries[0]?.logId ?? '', 'FAIL');
    expect(log).toMatchObject({ errorClass: 'intent', errorCode: 'FILTER_FAILED', attemptCount: 0 });
    expect(vendor.requests).toEqual([]);
  });

  it('asks the filter again when a log is retried that FAILed by it', async () => {
    const directory = host.find(IntegrationDirectory);
    const retry = (logId: LogId) =>
      host.find(RetryService).retry(LAB, logId, { requestedBy: 'support', reason: 'filter corrected' });
    const broken = await host.createIntegration({ url: vendor.url, filter: '$error("no way")' });
    const { deliveries } = await emit();
    const logId = deliveries[0]?.logId ?? '';
    const log = await host.waitForLog(logId, 'FAIL');
    const says = await directory.update(broken, { filter: 'false' }, 'admin');
    await retry(log._id);
    expect(
      await eventually(
        () => host.findLog(log._id),
        (one) => one?.attemptCount === 1,
      ),
    ).toMatchObject({
      status: 'FAIL',
      errorCode: 'FILTERED',
    });
    await retry(log._id);
    await eventually(
      () => host.findLog(log._id),
      (one) => one?.attemptCount === 2,
    );
    expect(vendor.requests).toEqual([]);
    await directory.update(says, { filter: 'true' }, 'admin');
    await retry(log._id);
    await host.waitForLog(logId, 'SUCCESS');
  });

  it('takes the same idempotency key from 20 callers at once as one event', async () => {
    await host.createIntegration({ url: vendor.url });
    const results = await Promise.all(Array.from({ length: 20 }, () => emit('P-1', { idempotencyKey: 'order-7' })));
    expect(new Set(results.map(({ eventId }) => eventId)).size).toBe(1);
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(results.flatMap(({ deliveries }) => deliveries.map(({ logId }) => logId))).size).toBe(1);
    await host.waitForLog(results[0]?.deliveries[0]?.logId ?? '', 'SUCCESS');
    expect(vendor.requests).toHaveLength(1);
    const event = await host.find(Database).model(ACTION_EVENTS).findById(results[0]?.eventId).lean();
    expect(event).toMatchObject({ duplicateCount: 19 });
  });

  it('refuses an idempotency key that comes back with another context', async () => {
    await emit('P-1', { idempotencyKey: 'order-8' });
    await expect(emit('P-2', { idempotencyKey: 'order-8' })).rejects.toBeInstanceOf(IdempotencyConflictError);
  });

  it('refuses a time that is none, and records nothing', async () => {
    const refused = await emit('P-1', { occurredAt: new Date('yesterday') }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RequestInvalidError);
    expect(refused).toMatchObject({
      remedy: expect.stringContaining('Correct'),
      details: {
        faults: [{ field: 'occurredAt', expected: expect.stringContaining('Date'), received: 'Invalid Date' }],
      },
    });
    expect(await host.find(Database).model(ACTION_EVENTS).countDocuments()).toBe(0);
  });

  it('tries again by itself after a transient failure, each try with the same webhook-id and a document of its own', async () => {
    await host.createIntegration({ url: vendor.url });
    let calls = 0;
    vendor.answer(() => ({ status: ++calls < 3 ? 503 : 200 }));
    const { deliveries } = await emit();
    const { log, tries } = await triesOf(deliveries[0]?.logId ?? '', 'SUCCESS');
    expect(tries.map(({ number, trigger, errorCode }) => ({ number, trigger, errorCode }))).toEqual([
      { number: 1, trigger: 'first', errorCode: 'HTTP_503' },
      { number: 2, trigger: 'automatic', errorCode: 'HTTP_503' },
      { number: 3, trigger: 'automatic', errorCode: null },
    ]);
    expect(log.attemptCount).toBe(3);
    expect(new Set(vendor.requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([log._id]));
    expect(tries[0]?.nextAttemptAt).toBeInstanceOf(Date);
  });

  it('gives up when the policy has no tries left', async () => {
    await host.createIntegration({ url: vendor.url, retryPolicy: { maxAttempts: 2, baseDelayMs: 10, maxDelayMs: 10 } });
    vendor.answer({ status: 500 });
    const { deliveries } = await emit();
    const log = await host.waitForLog(deliveries[0]?.logId ?? '', 'FAIL');
    expect(log).toMatchObject({ attemptCount: 2, errorClass: 'transient', nextAttemptAt: null });
    expect(vendor.requests).toHaveLength(2);
  });

  it('sends the corrected record on a retry, and keeps what was captured before', async () => {
    await host.createIntegration({ url: vendor.url });
    vendor.answer(({ json }) => ({
      status: JSON.stringify(json).includes('"phone":null') ? 422 : 200,
      body: { error: 'phone missing' },
    }));
    host.patients.set('P-2', { id: 'P-2', name: 'Bo', phone: null });
    const { deliveries } = await emit('P-2');
    const logId = deliveries[0]?.logId ?? '';
    const before = await triesOf(logId, 'FAIL');
    expect(before.log).toMatchObject({ errorClass: 'rejected', errorCode: 'HTTP_422' });

    host.patients.set('P-2', { id: 'P-2', name: 'Bo', phone: '555-0199' });
    await host.find(RetryService).retry(LAB, before.log._id, { requestedBy: 'support', reason: 'phone corrected' });
    const after = await triesOf(logId, 'SUCCESS');
    expect(vendor.requests.map(({ json }) => json)).toEqual([
      { id: 'P-2', name: 'Bo', phone: null },
      { id: 'P-2', name: 'Bo', phone: '555-0199' },
    ]);
    expect(after.tries[0]).toEqual(before.tries[0]);
    expect(after.tries[1]).toMatchObject({
      number: 2,
      trigger: 'manual',
      requestedBy: 'support',
      reason: 'phone corrected',
      outcome: 'success',
    });
  });

  it('lets one of two people who retry at once succeed, and makes one call', async () => {
    await host.createIntegration({ url: vendor.url });
    vendor.answer({ status: 400 });
    const { deliveries } = await emit();
    const failed = await host.waitForLog(deliveries[0]?.logId ?? '', 'FAIL');
    vendor.answer({ status: 200 });
    const retry = () => host.find(RetryService).retry(LAB, failed._id, { requestedBy: 'support', reason: 'again' });
    const results = await Promise.allSettled([retry(), retry()]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await host.waitForLog(failed._id, 'SUCCESS');
    expect(vendor.requests).toHaveLength(2);
  });

  it('FAILs without a call when the record is gone', async () => {
    await host.createIntegration({ url: vendor.url });
    const { deliveries } = await emit('P-404');
    const { log, tries } = await triesOf(deliveries[0]?.logId ?? '', 'FAIL');
    expect(log).toMatchObject({ errorClass: 'intent', errorCode: 'RECORD_GONE' });
    expect(tries[0]).toMatchObject({ request: null, response: null });
    expect(tries[0]?.remedy).toMatch(/retry/);
    expect(vendor.requests).toEqual([]);
  });

  it.each([
    [401, 'auth', true],
    [410, 'gone', false],
  ] as const)('on %i FAILs as %s; the integration stays enabled: %s', async (status, errorClass, enabled) => {
    const integration = await host.createIntegration({ url: vendor.url });
    vendor.answer({ status });
    const { deliveries } = await emit();
    expect(await host.waitForLog(deliveries[0]?.logId ?? '', 'FAIL')).toMatchObject({ errorClass });
    const seen = await eventually(
      () => host.find(IntegrationDirectory).get(LAB, integration._id),
      (it) => it.enabled === enabled,
    );
    expect(seen).toMatchObject({ enabled, version: enabled ? 1 : 2 });
  });

  it.each(['this process', 'another process'])(
    'leaves an integration on that was changed in %s while its vendor answered 410 to the version before',
    async (where) => {
      const other = where === 'this process' ? null : await startTestHost({ role: 'api', settings: host.settings });
      const directory = (other ?? host).find(IntegrationDirectory);
      const integration = await host.createIntegration({ url: vendor.url });
      vendor.answer(async () => {
        await directory.update(integration, { name: 'corrected' }, 'admin');
        return { status: 410 };
      });
      const { deliveries } = await emit();
      const log = await host.waitForLog(deliveries[0]?.logId ?? '', 'FAIL');
      expect(log).toMatchObject({ errorClass: 'gone', firstAttempt: { integrationVersion: 1 } });
      // The job ends after everything that the try led to.
      const lane = host.find(LaneQueues).queue('delivery');
      await eventually(
        () => lane.getActiveCount(),
        (count) => count === 0,
      );
      const seen = await directory.get(LAB, integration._id);
      await other?.close({ keepData: true });
      expect(seen).toMatchObject({ name: 'corrected', enabled: true, version: 2 });
    },
  );

  it('calls a success what the rule calls one: a 200 that says ERROR is a refusal', async () => {
    await host.createIntegration({ url: vendor.url, successRule: { expression: "body.status = 'OK'" } });
    vendor.answer({ body: { status: 'ERROR' } });
    const { deliveries } = await emit();
    expect(await host.waitForLog(deliveries[0]?.logId ?? '', 'FAIL')).toMatchObject({
      errorClass: 'rejected',
      errorCode: 'SUCCESS_RULE_FALSE',
    });
  });

  it('works by a new version of an integration within a second, in every process', async () => {
    const other = await startTestHost({ role: 'api', settings: host.settings });
    const integration = await host.createIntegration({ url: `${vendor.url}/old` });
    await other.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    await vendor.waitFor(1);
    await host.find(IntegrationDirectory).update(integration, { enabled: false }, 'admin');
    const changedAt = Date.now();
    const isSkipped = async () =>
      (await other.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' })).skipped.length === 1;
    while (!(await isSkipped())) expect(Date.now() - changedAt).toBeLessThan(1_000);
    const [, version] = await host
      .find(IntegrationDirectory)
      .versions(LAB, integration._id, { before: null, limit: 10 });
    expect(version).toMatchObject({ version: 1, enabled: true });
    await other.close({ keepData: true });
  });

  it('puts nothing of a patient into Redis but ids', async () => {
    await host.createIntegration({ url: vendor.url });
    const lane = host.find(LaneQueues).queue('delivery');
    await lane.pause();
    host.patients.set('P-3', { id: 'P-3', name: 'Quintessa Unmistakable', phone: '555-7777777' });
    const { deliveries } = await emit('P-3');
    const [job] = await lane.getWaiting();
    expect(Object.keys(job?.data ?? {}).sort()).toEqual(['integrationId', 'tries', 'v']);
    const everything = await dumpRedis(host.settings.redis.url ?? '', host.settings.redis.prefix ?? '');
    expect(everything).toContain(deliveries[0]?.logId);
    expect(everything).not.toMatch(/Quintessa|Unmistakable|555-7777777/);
    await lane.resume();
    await vendor.waitFor(1);
  });

  it('ends a call that hangs when its time is over, and delivers the same event to another vendor', async () => {
    const hanging = await startFakeVendor();
    hanging.answer(() => null);
    await host.createIntegration({
      url: hanging.url,
      name: 'hangs',
      timeoutMs: 400,
      retryPolicy: { maxAttempts: 1, baseDelayMs: 10, maxDelayMs: 10 },
    });
    await host.createIntegration({ url: vendor.url, name: 'healthy' });
    const { deliveries } = await emit();
    await vendor.waitFor(1);
    const logs = await Promise.all(deliveries.map(({ logId }) => host.findLog(logId)));
    const sick = logs.find((log) => log?.integrationName === 'hangs');
    expect(await host.waitForLog(sick?._id ?? '', 'FAIL')).toMatchObject({
      errorClass: 'transient',
      errorCode: 'VENDOR_TIMEOUT',
    });
    await hanging.close();
  });

  it.each([['answers 100 MB', { expected: { status: 'SUCCESS' as const, truncated: true } }]])(
    'bounds a vendor that %s',
    async (_habit, { expected }) => {
      await host.createIntegration({ url: vendor.url });
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      vendor.answer(async (_request, response) => {
        response.writeHead(200);
        for (let sent = 0; sent < 100 && !response.destroyed; sent += 1) {
          if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
        }
        response.end();
        return null;
      });
      const { deliveries } = await emit();
      const { tries } = await triesOf(deliveries[0]?.logId ?? '', expected.status);
      expect(tries[0]?.response?.body).toMatchObject({ truncated: true });
      expect(Buffer.byteLength(tries[0]?.response?.body?.text ?? '')).toBeLessThanOrEqual(64 * 1024);
    },
  );

  it.each([
    [
      'closes the connection',
      (_: unknown, response: { destroy(): void }) => (response.destroy(), null),
      { errorClass: 'transient', errorCode: 'VENDOR_CONNECTION_CLOSED' },
    ],
    [
      'redirects',
      () => ({ status: 302, headers: { location: 'http://169.254.169.254/' } }),
      { errorClass: 'rejected', errorCode: 'HTTP_302' },
    ],
  ] as const)('logs what it is when a vendor %s', async (_habit, rule, expected) => {
    await host.createIntegration({ url: vendor.url, retryPolicy: { maxAttempts: 1, baseDelayMs: 10, maxDelayMs: 10 } });
    vendor.answer(rule);
    const { deliveries } = await emit();
    expect(await host.waitForLog(deliveries[0]?.logId ?? '', 'FAIL')).toMatchObject(expected);
    expect(vendor.requests).toHaveLength(1);
  });

  it('keeps a mapping that loops to itself: its delivery FAILs, the others go on', async () => {
    const bad = await host.createIntegration({
      url: vendor.url,
      name: 'loops',
      mapping: '($f := function($n){ $f($n + 1) }; $f(0))',
    });
    const good = await host.createIntegration({ url: vendor.url, name: 'good', mapping: '{ "id": data.id }' });
    const { deliveries } = await emit();
    const logOf = (id: IntegrationId) => deliveries.find(({ integrationId }) => integrationId === id)?.logId ?? '';
    expect(await host.waitForLog(logOf(good._id), 'SUCCESS')).toMatchObject({ attemptCount: 1 });
    expect(await host.waitForLog(logOf(bad._id), 'FAIL')).toMatchObject({ errorClass: 'intent' });
  });

  it('FAILs a delivery whose integration was disabled or deleted meanwhile, with the reason', async () => {
    const disabled = await host.createIntegration({ url: vendor.url, name: 'off soon' });
    const deleted = await host.createIntegration({ url: vendor.url, name: 'gone soon' });
    const lane = host.find(LaneQueues).queue('delivery');
    await lane.pause();
    const { deliveries } = await emit();
    await host.find(IntegrationDirectory).update(disabled, { enabled: false }, 'admin');
    await host.find(IntegrationDirectory).delete(LAB, deleted._id, 'admin');
    await lane.resume();
    const logs = await Promise.all(deliveries.map(({ logId }) => host.waitForLog(logId, 'FAIL')));
    expect(logs.map(({ errorCode, errorClass }) => `${errorClass} ${errorCode}`).sort()).toEqual([
      'config INTEGRATION_DELETED',
      'config INTEGRATION_DISABLED',
    ]);
    expect(vendor.requests).toEqual([]);
  });
});
