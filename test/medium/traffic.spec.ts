import { strict as assert } from 'node:assert';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Logger } from '@nestjs/common';
import { isRecord } from '../../src/common/primitives.js';
import { BacklogSweep } from '../../src/dispatch/backlog-sweep.js';
import type { Integration } from '../../src/integrations/integration.js';
import { IntegrationDirectory } from '../../src/integrations/integration-directory.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { LaneQueues } from '../../src/queues/lane-queues.js';
import { TrafficService } from '../../src/scheduling/traffic.service.js';
import { Database } from '../../src/storage/database.js';
import { allEnded, emitMany } from '../support/emit-many.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { mostWithin } from '../support/most-within.js';
import { asLogId } from '../../src/common/ids.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered, PatientRepository } from '../support/test-lab.js';

const QUICK = { reconciler: { intervalMs: 500, graceMs: 1_000 } };

/** What is emitted meanwhile goes into MongoDB only, and nobody is told when it may go on. */
async function leaveToSweeps<T>(host: TestHost, { _id }: Integration, emit: () => Promise<T>): Promise<T> {
  const paused = await host.find(TrafficService).pause(LAB, _id, { by: 'test', reason: 'Left to the sweeps' });
  const emitted = await emit();
  await host.find(IntegrationDirectory).update(paused, { pause: null }, 'test');
  return emitted;
}

describe('the traffic of an integration', () => {
  let vendor: FakeVendor;
  let host: TestHost;
  let second: TestHost | null = null;

  beforeEach(async () => {
    vendor = await startFakeVendor();
    host = await startTestHost({ settings: QUICK });
    second = null;
  });

  afterEach(async () => {
    await second?.close({ keepData: true });
    await host.close();
    await vendor.close();
  });

  const startSecondWorker = async () => (second = await startTestHost({ role: 'worker', settings: host.settings }));

  it('keeps to the rate where calls are late for their slots, and come all at once', async () => {
    const held: (() => void)[] = [];
    host.find(PatientRepository).beforeAnswer = () => new Promise((resolve) => held.push(resolve));
    await host.createIntegration({ url: vendor.url, traffic: { rate: { calls: 20, per: 'second', burst: 2 } } });
    await emitMany(host, 15);
    await eventually(
      () => held.length,
      (count) => count === 15,
    );
    for (const release of held) release();
    await vendor.waitFor(15);
    const times = vendor.requests.map(({ receivedAt }) => receivedAt.getTime());
    // 2 at once, then 13 at 20 a second.
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(450);
  });

  it('makes no more calls than a second and the burst allow, though calls may be a tenth of a second under way', async () => {
    await host.createIntegration({ url: vendor.url, traffic: { rate: { calls: 20, per: 'second', burst: 5 } } });
    const eventLoop = monitorEventLoopDelay({ resolution: 5 });
    eventLoop.enable();
    await emitMany(host, 45);
    await vendor.waitFor(45);
    // A busy machine may hold a call up when it leaves and when it arrives, so that it comes nearer to those after it.
    const heldUpMs = Math.min(600, (2 * eventLoop.max) / 1e6);
    expect(mostWithin(1_100 - heldUpMs, vendor.requests)).toBeLessThanOrEqual(25);
    const times = vendor.requests.map(({ receivedAt }) => receivedAt.getTime());
    // 5 at once, then 40 at 20 a second.
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(2_500 + heldUpMs);
  });

  it('never makes more calls at the same time than the vendor bears, with two workers', async () => {
    await startSecondWorker();
    const running: (() => void)[] = [];
    let most = 0;
    vendor.answer(async () => {
      await new Promise<void>((resolve) => (most = Math.max(most, running.push(resolve))));
      return { body: {} };
    });
    await host.createIntegration({ url: vendor.url, traffic: { concurrency: 3 } });
    await emitMany(host, 60);
    for (let ended = 0; ended < 60; ended += 1) {
      await vendor.waitFor(Math.min(60, ended + 3));
      running.shift()?.();
    }
    const logs = await allEnded(host);
    expect(logs.every(({ status }) => status === 'SUCCESS')).toBe(true);
    expect(vendor.requests).toHaveLength(60);
    expect(most).toBe(3);
  });

  it('keeps a backlog in MongoDB and a window of it in the lane', async () => {
    const api = await startTestHost({ role: 'api', settings: QUICK });
    await api.createIntegration({ url: vendor.url });
    await emitMany(api, 600);
    const jobs = await api.find(LaneQueues).queue('delivery').getWaiting();
    const inLane = jobs.reduce((sum, { data }) => sum + data.tries.length, 0);
    // 60 % of the 200 calls of a worker, and four tries for each.
    expect(inLane).toBeLessThanOrEqual(480);
    expect(inLane).toBeGreaterThan(0);
    second = await startTestHost({ role: 'worker', settings: api.settings });
    await vendor.waitFor(600, 15_000);
    await allEnded(api);
    expect(vendor.requests).toHaveLength(600);
    await api.close();
  });

  it('delivers at once to one vendor while another hangs under a backlog', async () => {
    const hanging = await startFakeVendor();
    hanging.answer(() => null);
    await host.createIntegration({ url: hanging.url, name: 'hangs', timeoutMs: 60_000 });
    await emitMany(host, 400);
    await host.createIntegration({ url: vendor.url, name: 'healthy' });
    await eventually(
      () => host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' }),
      ({ deliveries }) => deliveries.length === 2,
    );
    await vendor.waitFor(1, 1_000);
    for (let round = 1; round <= 20; round += 1) {
      await emitMany(host, 1);
      await vendor.waitFor(round + 1, 1_000);
    }
    expect(hanging.requests.length).toBeLessThan(400);
    await hanging.close();
  });

  describe('with a breaker', () => {
    const breaker = { failureRatio: 0.5, minCalls: 4, windowMs: 60_000, openMs: 500 };

    it('stops calling a vendor that fails, uses up no tries meanwhile, and goes on when it is back', async () => {
      let healthy = false;
      vendor.answer(() => ({ status: healthy ? 200 : 500 }));
      const { _id } = await host.createIntegration({
        url: vendor.url,
        retryPolicy: { maxAttempts: 100, baseDelayMs: 10, maxDelayMs: 20 },
        traffic: { breaker, concurrency: 4 },
      });
      const key = await host.createKey();
      await emitMany(host, 40);
      const state = () =>
        host.http.get(`/v1/integrations/${_id}/traffic`).set('authorization', `Bearer ${key}`).expect(200);
      await eventually(state, ({ body }) => body.breaker !== 'closed');
      const before = vendor.requests.length;
      // Two probes at most each time it opens: after 500 ms, 1 s, 2 s.
      await eventually(state, ({ body }) => body.breaker === 'half-open', 3_000);
      expect(vendor.requests.length - before).toBeLessThanOrEqual(6);
      const waiting = (await host.logs()).filter(({ attemptCount }) => attemptCount === 0);
      expect(waiting.length).toBeGreaterThan(25);
      healthy = true;
      const logs = await allEnded(host);
      expect(logs.every(({ status }) => status === 'SUCCESS')).toBe(true);
      expect((await state()).body).toMatchObject({ breaker: 'closed', due: 0 });
    });

    it('disables an integration whose breaker has been open for too long, and says so and why', async () => {
      const said = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
      vendor.answer({ status: 503 });
      const { _id } = await host.createIntegration({
        url: vendor.url,
        retryPolicy: { maxAttempts: 100, baseDelayMs: 10, maxDelayMs: 20 },
        traffic: { breaker: { ...breaker, openMs: 100, disableAfterMs: 1_000 } },
      });
      const key = await host.createKey();
      await emitMany(host, 20);
      const { body } = await eventually(
        () => host.http.get(`/v1/integrations/${_id}`).set('authorization', `Bearer ${key}`).expect(200),
        (answer) => answer.body.enabled === false,
      );
      expect(body.disabledReason).toMatch(/failed for/);
      await eventually(
        () => said.mock.calls.flat(),
        (lines) => lines.includes(`Integration ${_id} was disabled: ${body.disabledReason}`),
      );
      said.mockRestore();
    });
  });

  it('keeps what a person paused waiting over a restart, and drains it when a person resumes', async () => {
    const { _id } = await host.createIntegration({ url: vendor.url });
    const key = await host.createKey();
    const post = (path: string, body: object = {}) =>
      host.http.post(`/v1/integrations/${_id}/${path}`).set('authorization', `Bearer ${key}`).send(body);
    await post('pause', {}).expect(400);
    const paused = await post('pause', { reason: 'The vendor moves house' }).expect(200);
    expect(paused.body.pause).toMatchObject({ reason: 'The vendor moves house', by: expect.stringContaining('test') });
    await emitMany(host, 30);
    await startSecondWorker();
    await host.close({ keepData: true });
    host = await startTestHost({ settings: host.settings });
    await waitForSweep();
    expect(vendor.requests).toHaveLength(0);
    const restarted = await host.createKey();
    await host.http
      .post(`/v1/integrations/${_id}/resume`)
      .set('authorization', `Bearer ${restarted}`)
      .expect(200)
      .expect(({ body }) => expect(body.pause).toBeNull());
    await vendor.waitFor(31);
    await allEnded(host);
  });

  /** A later integration has a delivery that only a sweep can find: it has gone past all earlier ones by then. */
  async function waitForSweep(): Promise<void> {
    const later = await startFakeVendor();
    const integration = await host.createIntegration({ url: later.url, name: 'later' });
    await leaveToSweeps(host, integration, () => emitMany(host, 1));
    await later.waitFor(1);
    await later.close();
  }

  describe('paused and resumed by one process', () => {
    const PATIENT = { id: 'P-1', name: 'Ana', phone: null };
    let api: TestHost;
    let worker: TestHost;

    beforeEach(async () => {
      // No sweep of a reconciler comes to help within the test.
      api = await startTestHost({ role: 'api', settings: { reconciler: { intervalMs: 60_000, graceMs: 60_000 } } });
      worker = await startTestHost({ role: 'worker', settings: api.settings, patients: [PATIENT] });
    });

    afterEach(async () => {
      await worker.close({ keepData: true });
      await api.close();
    });

    const traffic = () => api.find(TrafficService);
    const reason = { by: 'test', reason: 'The vendor moves house' };

    it('drains its backlog through others that knew of the pause a moment before', async () => {
      const { _id } = await api.createIntegration({ url: vendor.url });
      await traffic().pause(LAB, _id, reason);
      // More than the window in Redis takes at once.
      await emitMany(api, 1_300);
      expect((await worker.find(IntegrationDirectory).forDelivery(_id))?.pause).not.toBeNull();
      await traffic().resume(LAB, _id, 'test');
      expect(await vendor.waitFor(1_300, 15_000)).toHaveLength(1_300);
    });

    it('takes what others emit right after it resumed', async () => {
      const { _id } = await api.createIntegration({ url: vendor.url });
      await traffic().pause(LAB, _id, reason);
      await emitMany(worker, 1);
      await traffic().resume(LAB, _id, 'test');
      await vendor.waitFor(1);
      await emitMany(worker, 1);
      expect(await vendor.waitFor(2)).toHaveLength(2);
    });

    it('is left to the next process by a sweep that has to end', async () => {
      const integration = await api.createIntegration({ url: vendor.url });
      await leaveToSweeps(api, integration, () => emitMany(api, 1));
      const overdue = { nextAttemptAt: new Date(Date.now() - 120_000) };
      await api.find(Database).collection(INTEGRATION_LOGS).updateMany({}, { $set: overdue });
      const sweep = api.find(BacklogSweep);
      await sweep.queueOverdue(AbortSignal.abort());
      expect((await traffic().stateOf(LAB, integration._id)).inLane).toBe(0);
      await sweep.queueOverdue(new AbortController().signal);
      expect(await vendor.waitFor(1)).toHaveLength(1);
    });

    it('makes no more calls soon after the pause, whoever goes on emitting', async () => {
      const { _id } = await api.createIntegration({ url: vendor.url });
      await emitMany(worker, 1);
      await vendor.waitFor(1);
      await traffic().pause(LAB, _id, reason);
      const pausedAt = Date.now();
      await eventually(
        () => emitMany(worker, 1),
        () => Date.now() - pausedAt > 3_000,
      );
      const last = Math.max(...vendor.requests.map(({ receivedAt }) => receivedAt.getTime()));
      // Twice the promise: on a busy machine the last call may take a while to arrive.
      expect(last - pausedAt).toBeLessThan(2_000);
      expect((await api.logs()).some(({ status }) => status === 'QUEUED')).toBe(true);
    });
  });

  describe('with an order', () => {
    const patients = Array.from({ length: 5 }, (_, index) => ({ id: `P-${index + 10}`, name: 'Ana', phone: null }));
    beforeEach(() => patients.forEach((patient) => host.patients.set(patient.id, patient)));

    const ordered = (ordering: object) =>
      host.createIntegration({
        url: vendor.url,
        mapping: '{ "patientId": context.patientId, "visit": context.visit }',
        retryPolicy: { maxAttempts: 10, baseDelayMs: 10, maxDelayMs: 30 },
        traffic: { ordering, breaker: { minCalls: 10_000 } },
      });

    it('delivers those of one patient in order and one at a time, whatever fails in between', async () => {
      await startSecondWorker();
      patients.forEach((patient) => second?.patients.set(patient.id, patient));
      const running = new Set<unknown>();
      const accepted = new Map<unknown, unknown[]>();
      vendor.answer(async ({ json, headers }) => {
        assert(isRecord(json));
        const { patientId, visit } = json;
        expect(running.has(patientId)).toBe(false);
        running.add(patientId);
        await host.findLog(asLogId(String(headers['webhook-id'])));
        running.delete(patientId);
        if (Math.random() < 0.2) return { status: 503 };
        accepted.set(patientId, [...(accepted.get(patientId) ?? []), visit]);
        return { status: 200 };
      });
      await ordered({ by: 'patientId' });
      for (let visit = 0; visit < 100; visit += 1) {
        await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: `P-${10 + (visit % 5)}`, visit });
      }
      const logs = await allEnded(host);
      expect(logs.every(({ status }) => status === 'SUCCESS')).toBe(true);
      for (const visits of accepted.values()) expect(visits).toEqual([...visits].sort((a, b) => Number(a) - Number(b)));
      expect([...accepted.values()].flat()).toHaveLength(100);
    });

    it('brings back one that was forgotten behind more that wait for a person than one look takes', async () => {
      const integration = await ordered({ by: 'patientId', afterFail: 'hold' });
      const forgotten = await leaveToSweeps(host, integration, async () => {
        await emitMany(host, 511, () => 'P-10');
        const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-11' });
        const logs = host.find(Database).collection(INTEGRATION_LOGS);
        const [first] = await logs.find({ 'order.key': 'patientId=P-10' }).sort({ 'order.seq': 1 }).limit(1).toArray();
        await logs.updateMany({}, { $set: { nextAttemptAt: null } });
        await logs.updateOne({ _id: first?._id ?? asLogId('') }, { $set: { status: 'FAIL' } });
        return deliveries[0]?.logId;
      });
      const log = await host.waitForLog(forgotten ?? '', 'SUCCESS');
      expect(vendor.requests.map(({ headers }) => headers['webhook-id'])).toEqual([log._id]);
    });

    it('tells how many a FAILed one holds back, and which it is, until a person has settled it', async () => {
      vendor.answer(({ json }) => ({ status: isRecord(json) && json['visit'] === 1 ? 422 : 200 }));
      const { _id } = await ordered({ by: 'patientId', afterFail: 'hold' });
      const logIds: unknown[] = [];
      for (let visit = 0; visit < 4; visit += 1) {
        const event = { tenantId: LAB, patientId: 'P-10', visit };
        logIds.push((await host.dispatcher.emit(PatientRegistered, event)).deliveries[0]?.logId);
      }
      const key = await host.createKey();
      const traffic = async () =>
        (await host.http.get(`/v1/integrations/${_id}/traffic`).set('authorization', `Bearer ${key}`).expect(200)).body;
      const [, failed, held] = logIds;
      expect(await eventually(traffic, (state) => state.held === 2 && state.due === 0)).toMatchObject({
        oldestDueAt: null,
        longestHeld: { logId: held, behind: { logId: failed, status: 'FAIL' } },
      });
      await host.http
        .post(`/v1/logs/${String(failed)}/resolve`)
        .set('authorization', `Bearer ${key}`)
        .send({ note: 'Registered by telephone' })
        .expect(200);
      expect(await eventually(traffic, (state) => state.held === 0)).toMatchObject({ longestHeld: null });
    });

    it.each([
      { afterFail: 'hold', delivered: 1 },
      { afterFail: 'continue', delivered: 3 },
    ])('after a FAIL: $afterFail', async ({ afterFail, delivered }) => {
      vendor.answer(({ json }) => ({ status: isRecord(json) && json['visit'] === 1 ? 422 : 200 }));
      await ordered({ by: 'patientId', afterFail });
      for (let visit = 0; visit < 4; visit += 1) {
        await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-10', visit });
      }
      const succeeded = async () => (await host.logs()).filter(({ status }) => status === 'SUCCESS').length;
      await eventually(succeeded, (count) => count === delivered);
      const failed = await eventually(
        async () => (await host.logs()).find(({ status }) => status === 'FAIL'),
        (log) => log !== undefined,
      );
      vendor.answer({ status: 200 });
      const key = await host.createKey();
      await host.http
        .post(`/v1/logs/${failed?._id}/retry`)
        .set('authorization', `Bearer ${key}`)
        .send({ reason: 'corrected' })
        .expect(202);
      expect(await eventually(succeeded, (count) => count === 4)).toBe(4);
    });
  });
});
