import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createConnection } from 'mongoose';
import { eventIdFor, logIdFor } from '../../src/common/ids.js';
import { ACTION_EVENTS } from '../../src/dispatch/action-event.collection.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { LaneQueues } from '../../src/queues/lane-queues.js';
import { queueNameOf } from '../../src/queues/queues.constants.js';
import { Database } from '../../src/storage/database.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { freshPrefix, startPrivateRedis } from '../support/services.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const WAITING = 200;
const QUICK = { reconciler: { intervalMs: 200, graceMs: 300 } };

describe('what dies and comes back', () => {
  let vendor: FakeVendor;

  beforeEach(async () => {
    vendor = await startFakeVendor();
  });

  afterEach(async () => {
    await vendor.close();
  });

  const emit = (host: TestHost, patientId = 'P-1', options: Parameters<TestHost['dispatcher']['emit']>[2] = {}) =>
    host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId }, options);

  it('loses nothing when all of Redis is deleted while 200 deliveries wait', async () => {
    const redis = await startPrivateRedis();
    const settings = { ...QUICK, redis: { url: redis.url, prefix: freshPrefix('flush') } };
    const api = await startTestHost({ role: 'api', settings });
    await api.createIntegration({ url: vendor.url });
    const emitted = await Promise.all(Array.from({ length: WAITING }, () => emit(api)));
    const expected = new Set(emitted.flatMap(({ deliveries }) => deliveries.map(({ logId }) => logId)));
    expect(await api.find(LaneQueues).queue('delivery').getWaitingCount()).toBeGreaterThan(0);

    const admin = new Redis(redis.url);
    await admin.flushall();
    expect(await admin.dbsize()).toBe(0);
    await admin.quit();

    const worker = await startTestHost({ role: 'worker', settings: api.settings });
    await vendor.waitFor(WAITING);
    const logs = await eventually(
      () => api.logs(),
      (all) => all.every(({ status }) => status === 'SUCCESS'),
    );
    expect(logs).toHaveLength(WAITING);
    expect(new Set(vendor.requests.map(({ headers }) => headers['webhook-id']))).toEqual(expected);
    await worker.close({ keepData: true });
    await api.close();
    await redis.stop();
  });

  it('does not make a try a second time that it is making, when Redis has forgotten that', async () => {
    const redis = await startPrivateRedis();
    const host = await startTestHost({
      settings: { ...QUICK, redis: { url: redis.url, prefix: freshPrefix('forgot') } },
    });
    let answer: () => void = () => undefined;
    vendor.answer(() => new Promise((resolve) => (answer = () => resolve({ body: { ok: true } }))));
    await host.createIntegration({ url: vendor.url, timeoutMs: 30_000 });
    const { deliveries } = await emit(host);
    await vendor.waitFor(1);
    const admin = new Redis(redis.url);
    await admin.flushall();
    await admin.quit();
    const lane = host.find(LaneQueues).queue('delivery');
    const [again] = await eventually(
      () => lane.getActive(),
      (jobs) => jobs.length === 1,
    );
    answer();
    const log = await host.waitForLog(deliveries[0]?.logId ?? '', 'SUCCESS');
    await eventually(
      () => lane.getJobState(again?.id ?? ''),
      (state) => state !== 'active',
    );
    expect(vendor.requests).toHaveLength(1);
    expect(await host.find(IntegrationLogStore).attemptsOf(log)).toMatchObject([{ number: 1, outcome: 'success' }]);
    await host.close();
    await redis.stop();
  });

  it('goes on emitting while Redis is away, and delivers once it is back', async () => {
    const redis = await startPrivateRedis();
    const host = await startTestHost({
      settings: { ...QUICK, redis: { url: redis.url, prefix: freshPrefix('away') } },
    });
    await host.createIntegration({ url: vendor.url });
    await redis.stop('SIGKILL');
    const { deliveries } = await emit(host);
    expect((await host.logs())[0]).toMatchObject({ _id: deliveries[0]?.logId, status: 'QUEUED' });
    const again = await startPrivateRedis({ port: redis.port });
    await host.waitForLog(deliveries[0]?.logId ?? '', 'SUCCESS', 25_000);
    expect(vendor.requests).toHaveLength(1);
    await host.close();
    await again.stop();
  });

  it('emits also where Redis was away when the process started, and delivers once it is there', async () => {
    const redis = await startPrivateRedis();
    await redis.stop('SIGKILL');
    const settings = { ...QUICK, redis: { url: redis.url, prefix: freshPrefix('late') } };
    const host = await startTestHost({ settings });
    await host.createIntegration({ url: vendor.url });
    const { deliveries } = await emit(host);
    expect((await host.logs())[0]).toMatchObject({ _id: deliveries[0]?.logId, status: 'QUEUED' });
    const late = await startPrivateRedis({ port: redis.port });
    await host.waitForLog(deliveries[0]?.logId ?? '', 'SUCCESS', 25_000);
    await host.close();
    await late.stop();
  });

  it('completes an event whose emitter died between the event and its logs', async () => {
    const host = await startTestHost({ settings: QUICK });
    const integration = await host.createIntegration({ url: vendor.url });
    const eventId = eventIdFor(LAB, 'half-done');
    const logId = logIdFor(eventId, integration._id);
    const happenedAt = new Date(Date.now() - 60_000);
    await host
      .find(Database)
      .collection(ACTION_EVENTS)
      .insertOne({
        _id: eventId,
        tenantId: LAB,
        actionId: PatientRegistered.id,
        actionName: PatientRegistered.name,
        context: { tenantId: LAB, patientId: 'P-1' },
        contextHash: 'x',
        idempotencyKey: 'half-done',
        correlationId: 'cor_test',
        occurredAt: happenedAt,
        createdAt: happenedAt,
        deliveries: [
          {
            logId,
            integrationId: integration._id,
            integrationName: integration.name,
            vendor: integration.vendor,
            filterError: null,
          },
        ],
        skipped: [],
        unmatchedReason: null,
        fanOutPending: true,
        duplicateCount: 0,
        lastDuplicateAt: null,
      });
    await eventually(
      () => vendor.requests.length,
      (count) => count === 1,
    );
    await host.waitForLog(logId, 'SUCCESS');
    const completed = await eventually(
      () => host.find(Database).model(ACTION_EVENTS).findById(eventId).lean(),
      (event) => event?.fanOutPending === undefined,
    );
    expect(completed).toMatchObject({ _id: eventId });
    await host.close();
  });

  it('records a try whose worker died in mid-call as unknown, then tries again under the same id', async () => {
    const api = await startTestHost({ role: 'api', settings: { ...QUICK, delivery: { takeoverAfterMs: 1_000 } } });
    await api.createIntegration({ url: vendor.url });
    const { deliveries } = await emit(api);
    const logId = deliveries[0]?.logId ?? '';
    const doomed = await takeAndDie(api, logId);

    const worker = await startTestHost({ role: 'worker', settings: api.settings });
    const log = await api.waitForLog(logId, 'SUCCESS', 20_000);
    const tries = await api.find(IntegrationLogStore).attemptsOf(log);
    expect(tries.map(({ number, outcome, trigger, errorClass }) => ({ number, outcome, trigger, errorClass }))).toEqual(
      [
        { number: 1, outcome: 'unknown', trigger: 'first', errorClass: 'unknown' },
        { number: 2, outcome: 'success', trigger: 'recovery', errorClass: null },
      ],
    );
    expect(vendor.requests.map(({ headers }) => headers['webhook-id'])).toEqual([logId]);
    await doomed.bury();
    await worker.close({ keepData: true });
    await api.close();
  });

  it('brings a job back whose handler throws: the same one, which still knows that it was taken over', async () => {
    const api = await startTestHost({ role: 'api', settings: { ...QUICK, delivery: { takeoverAfterMs: 1_000 } } });
    await api.createIntegration({ url: vendor.url });
    const { deliveries } = await emit(api);
    const logId = deliveries[0]?.logId ?? '';
    const doomed = await takeAndDie(api, logId);
    const lane = api.find(LaneQueues).queue('delivery');
    await lane.pause();
    const worker = await startTestHost({ role: 'worker', settings: api.settings });
    const reading = jest.spyOn(worker.find(IntegrationLogStore), 'findForDelivery');
    reading.mockRejectedValueOnce(new Error('MongoDB is away'));
    await lane.resume();

    await eventually(
      () => lane.getJobState(doomed.jobId),
      (state) => state === 'delayed',
    );
    expect(await lane.getJob(doomed.jobId)).toMatchObject({ data: { tries: [`${logId}-1`] }, stalledCounter: 1 });
    expect(reading).toHaveBeenCalledTimes(1);
    const log = await api.waitForLog(logId, 'SUCCESS', 20_000);
    const tries = await api.find(IntegrationLogStore).attemptsOf(log);
    expect(tries.map(({ number, outcome }) => ({ number, outcome }))).toEqual([
      { number: 1, outcome: 'unknown' },
      { number: 2, outcome: 'success' },
    ]);
    await doomed.bury();
    await worker.close({ keepData: true });
    await api.close();
  });

  it('keeps a try that ended after another worker took over as superseded, and does not move the log back', async () => {
    const host = await startTestHost({ settings: { ...QUICK, delivery: { takeoverAfterMs: 1_000 } } });
    await host.createIntegration({ url: vendor.url });
    vendor.answer(async (_request, response) => {
      // While this call runs, the log is moved on as another worker would have done.
      const logs = host.find(Database).model(INTEGRATION_LOGS);
      await logs.updateOne(
        {},
        { $set: { attemptCount: 1, status: 'SUCCESS', nextAttemptAt: null, lastExecutionId: 'exe_other' } },
      );
      response.writeHead(500).end();
      return null;
    });
    const { deliveries } = await emit(host);
    const log = await host.waitForLog(deliveries[0]?.logId ?? '', 'SUCCESS');
    const tries = await eventually(
      () => host.find(IntegrationLogStore).attemptsOf(log),
      (all) => all.length === 1,
    );
    expect(tries[0]).toMatchObject({ number: 1, superseded: true, errorCode: 'HTTP_500' });
    expect((await host.logs())[0]).toMatchObject({ status: 'SUCCESS', attemptCount: 1 });
    await host.close();
  });

  it('lets an event join the host transaction: every write carries it, and an aborted one leaves no job', async () => {
    const { mongodb } = (await startAndStop()).settings;
    const connection = await createConnection(mongodb.uri ?? '', { monitorCommands: true }).asPromise();
    const host = await startTestHost({ role: 'api', settings: { mongodb: { connection } } });
    await host.createIntegration({ url: vendor.url });
    await emit(host, 'P-warm-up');
    await host.find(LaneQueues).queue('delivery').drain();

    const writes: { command: string; inTransaction: boolean; session: string }[] = [];
    connection.getClient().on('commandStarted', ({ commandName, command }) => {
      if (
        ['insert', 'update', 'find', 'findAndModify'].includes(commandName) &&
        ['action_events', 'integration_logs'].includes(String(command[commandName]))
      ) {
        writes.push({
          command: commandName,
          inTransaction: command.autocommit === false,
          session: String(command.lsid?.id),
        });
      }
    });
    const session = await connection.startSession();
    session.startTransaction();
    const result = await emit(host, 'P-1', { session, idempotencyKey: 'in-transaction' });
    expect(result).toMatchObject({ duplicate: false, deliveries: [{}] });
    expect(writes.map(({ command }) => command)).toEqual(['findAndModify', 'insert', 'insert']);
    expect(writes.every(({ inTransaction }) => inTransaction)).toBe(true);
    expect(new Set(writes.map((write) => write.session)).size).toBe(1);
    await session.abortTransaction();
    await session.endSession();
    expect(await host.find(LaneQueues).queue('delivery').count()).toBe(0);

    // The same with a transaction that commits: the end of its session queues the delivery.
    const committing = await connection.startSession();
    committing.startTransaction();
    await emit(host, 'P-1', { session: committing });
    expect(await host.find(LaneQueues).queue('delivery').count()).toBe(0);
    // The embedded server knows no commitTransaction and refuses it; the driver has noted the commit all the same.
    await committing.commitTransaction().catch(() => undefined);
    await committing.endSession();
    await eventually(
      () => host.find(LaneQueues).queue('delivery').count(),
      (count) => count === 1,
    );
    await host.close();
    await connection.dropDatabase();
    await connection.close();
  });

  /** A worker that takes the first try of a log and is never heard of again: its lock is not renewed, as after a SIGKILL. */
  async function takeAndDie(api: TestHost, logId: string) {
    const connection = new Redis(api.settings.redis.url ?? '', { maxRetriesPerRequest: null });
    const doomed = new Worker(queueNameOf('delivery'), null, {
      connection,
      prefix: api.settings.redis.prefix ?? '',
      lockDuration: 1_000,
      skipLockRenewal: true,
      skipStalledCheck: true,
      autorun: false,
    });
    const job = await eventually(
      () => doomed.getNextJob('doomed'),
      (taken) => taken !== undefined,
    );
    expect(job?.data).toMatchObject({ tries: [`${logId}-1`] });
    return {
      jobId: job?.id ?? '',
      bury: async () => {
        await doomed.close(true);
        connection.disconnect();
      },
    };
  }

  /** For the address of a database of its own. */
  async function startAndStop(): Promise<TestHost> {
    const host = await startTestHost({ role: 'api' });
    await host.close();
    return host;
  }
});
