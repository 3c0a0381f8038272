import type { DynamicModule } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Webhook } from 'standardwebhooks';
import {
  OnIntegrationStatus,
  type StatusListener,
  type StatusUpdate,
  WaybillModule,
  type WaybillOptionsInput,
} from '../../src/index.js';
import { currentCallScope } from '../../src/common/call-scope.js';
import { asLogId } from '../../src/common/ids.js';
import { RetryService } from '../../src/retries/retry.service.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import { freshPrefix, startPrivateRedis } from '../support/services.js';
import { LAB, startTestHost, type TestHost, type TestHostOptions } from '../support/test-host.js';
import { PatientContext, PatientRegistered } from '../support/test-lab.js';

const QUICK: Partial<WaybillOptionsInput> = {
  callback: { baseDelayMs: 20, maxDelayMs: 50 },
  reconciler: { intervalMs: 200, graceMs: 300 },
};

type Told = StatusUpdate<PatientContext>;

const LIFTED = { vendorRef: 'body.ref' };

@OnIntegrationStatus(PatientRegistered)
class PatientStatus implements StatusListener<PatientContext> {
  readonly told: Told[] = [];
  /** What it does with an update before it has taken it. */
  habit: (update: Told) => Promise<void> | void = () => undefined;

  async onStatus(update: Told): Promise<void> {
    await this.habit(update);
    this.told.push(update);
  }
}

/** A host's module of its own: hosts have their listeners among other providers too. */
const withListener = (): DynamicModule => WaybillModule.forFeature({ listeners: [PatientStatus] });

describe('the status callbacks of a host class', () => {
  let vendor: FakeVendor;
  let host: TestHost;

  beforeEach(async () => {
    vendor = await startFakeVendor();
  });

  afterEach(async () => {
    await host.close();
    await vendor.close();
  });

  async function start(options: TestHostOptions = {}): Promise<PatientStatus> {
    host = await startTestHost({ imports: [withListener()], ...options, settings: { ...QUICK, ...options.settings } });
    return host.find(PatientStatus);
  }

  async function emit(): Promise<string> {
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    return deliveries[0]?.logId ?? '';
  }

  const toldOf = (listener: PatientStatus, count: number) =>
    eventually(
      () => listener.told,
      (told) => told.length >= count,
    );

  it('is told QUEUED and then SUCCESS, with everything a host needs to know which record it is', async () => {
    const listener = await start();
    const scopes: unknown[] = [];
    listener.habit = () => void scopes.push(currentCallScope());
    vendor.answer({ body: { ref: 'A-7' } });
    const integration = await host.createIntegration({ url: vendor.url, extracts: LIFTED });
    const logId = await emit();
    const log = await host.waitForLog(logId, 'SUCCESS');
    const [queued, success] = await toldOf(listener, 2);
    expect(scopes[0]).toEqual({ correlationId: log.correlationId, logId, tenantId: LAB });
    expect(queued).toMatchObject({ status: 'QUEUED', sequence: 0, attemptCount: 0, error: null, logId });
    expect(queued?.extracts).toEqual({});
    expect(success).toEqual({
      id: `${logId}-2`,
      sequence: 2,
      status: 'SUCCESS',
      at: log.completedAt,
      tenantId: LAB,
      logId,
      eventId: log.eventId,
      action: { id: PatientRegistered.id, name: PatientRegistered.name },
      integration: { id: integration._id, name: integration.name, vendor: 'CRM' },
      context: Object.assign(new PatientContext(), { tenantId: LAB, patientId: 'P-1' }),
      correlationId: log.correlationId,
      attemptCount: 1,
      error: null,
      extracts: { vendorRef: 'A-7' },
    });
    expect(success?.context).toBeInstanceOf(PatientContext);
  });

  it('is told FAIL once, after the last try, and the QUEUED of a retry after it', async () => {
    const listener = await start();
    await host.createIntegration({ url: vendor.url });
    vendor.answer({ status: 500 });
    const logId = await emit();
    await host.waitForLog(logId, 'FAIL');
    await toldOf(listener, 2);
    vendor.answer({ status: 200 });
    await host.find(RetryService).retry(LAB, asLogId(logId), { requestedBy: 'Eva', reason: 'the vendor is back' });
    const told = await toldOf(listener, 4);
    expect(told.map(({ status, sequence, attemptCount }) => [status, sequence, attemptCount])).toEqual([
      ['QUEUED', 0, 0],
      ['FAIL', 6, 3],
      ['QUEUED', 7, 3],
      ['SUCCESS', 8, 4],
    ]);
    expect(told[1]?.error).toMatchObject({ class: 'transient', code: 'HTTP_500', message: expect.any(String) });
    expect(told[2]?.error).toBeNull();
  });

  it('is told in the end by its order where it threw, and the log is as if nobody had listened', async () => {
    const listener = await start();
    await host.createIntegration({ url: vendor.url });
    let thrown = 0;
    listener.habit = () => {
      if (thrown++ < 3) throw new Error('the host is having lunch');
    };
    const logId = await emit();
    await host.waitForLog(logId, 'SUCCESS');
    const told = await toldOf(listener, 2);
    expect(told.map(({ status }) => status)).toEqual(['QUEUED', 'SUCCESS']);
    expect(thrown).toBe(5);
    expect(vendor.requests).toHaveLength(1);
    const log = await eventually(
      () => host.findLog(asLogId(logId)),
      (found) => found?.callbacks?.class?.nextAt === undefined,
    );
    expect(log).toMatchObject({ status: 'SUCCESS', attemptCount: 1, errorMessage: null });
    expect(log?.callbacks?.class).toEqual({
      untold: [],
      failures: 0,
      failingSince: null,
      lastError: null,
      givenUp: 0,
      lastTold: { seq: 2, status: 'SUCCESS', at: expect.any(Date) },
    });
  });

  it('is told of hundreds of deliveries at once without the help of the reconciler', async () => {
    const listener = await start({ settings: { reconciler: { intervalMs: 3_600_000 } } });
    await host.createIntegration({ url: vendor.url });
    const logIds = await Promise.all(Array.from({ length: 300 }, emit));
    await toldOf(listener, 2 * logIds.length);
    for (const logId of logIds) {
      const told = listener.told.filter((update) => update.logId === logId);
      expect(told.map(({ status }) => status)).toEqual(['QUEUED', 'SUCCESS']);
    }
  });

  it('gives a change up after the time that the settings say, goes on with the next, and says so in the log', async () => {
    const listener = await start({ settings: { callback: { baseDelayMs: 20, maxDelayMs: 50, giveUpAfterMs: 0 } } });
    await host.createIntegration({ url: vendor.url });
    listener.habit = ({ status }) => {
      if (status === 'QUEUED') throw new Error('who would want to know that');
    };
    const logId = await emit();
    expect((await toldOf(listener, 1)).map(({ status }) => status)).toEqual(['SUCCESS']);
    expect((await host.findLog(asLogId(logId)))?.callbacks?.class?.givenUp).toBe(1);
  });

  it('is told although all of Redis was flushed between the end of the log and the callback', async () => {
    const redis = await startPrivateRedis();
    const listener = await start({ settings: { redis: { url: redis.url, prefix: freshPrefix('status') } } });
    await host.createIntegration({ url: vendor.url });
    listener.habit = () => {
      throw new Error('the host is down');
    };
    const logId = await emit();
    await host.waitForLog(logId, 'SUCCESS');
    await host.close({ keepData: true });
    const admin = new Redis(redis.url);
    await admin.flushall();
    await admin.quit();

    const again = await start({ settings: host.settings });
    expect((await toldOf(again, 2)).map(({ logId: of, status }) => [of, status])).toEqual([
      [logId, 'QUEUED'],
      [logId, 'SUCCESS'],
    ]);
    await host.close();
    await redis.stop();
    host = await startTestHost();
  });

  it('costs a log without listeners nothing: neither the log nor Redis knows of callbacks', async () => {
    host = await startTestHost();
    await host.createIntegration({ url: vendor.url });
    const log = await host.waitForLog(await emit(), 'SUCCESS');
    expect(log).not.toHaveProperty('callbacks');
  });
});

describe('the status callbacks of a URL', () => {
  let vendor: FakeVendor;
  let receiver: FakeVendor;
  let host: TestHost;
  let lab: ApiClient;

  beforeAll(async () => {
    host = await startServerHost({ settings: { ...QUICK, delivery: { concurrency: 24 } } });
    lab = new ApiClient(host, await host.createKey());
  });

  afterAll(() => host.close());

  beforeEach(async () => {
    [vendor, receiver] = await Promise.all([startFakeVendor(), startFakeVendor()]);
  });

  afterEach(() => Promise.all([vendor.close(), receiver.close()]));

  /** An integration that tells the receiver, alone in its tenant's action. */
  async function integrate(statusCallback: object | null = { url: `${receiver.url}/status` }) {
    const { body: others } = await lab.get('/v1/integrations');
    await Promise.all(others.items.map(({ id }: { id: string }) => lab.delete(`/v1/integrations/${id}`).expect(204)));
    const { body } = await lab
      .post('/v1/integrations', {
        actionId: PatientRegistered.id,
        name: 'CRM',
        vendor: 'CRM',
        endpoint: { url: vendor.url },
        retryPolicy: { maxAttempts: 1 },
        extracts: LIFTED,
        statusCallback,
      })
      .expect(201);
    return { id: String(body.id), secret: String(body.statusCallbackSecret) };
  }

  async function emit(): Promise<string> {
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    return deliveries[0]?.logId ?? '';
  }

  const statusesTold = () => receiver.requests.map(({ body }) => JSON.parse(body).data.status);

  it('are signed by the Standard Webhooks scheme, and one change has one id', async () => {
    vendor.answer({ body: { ref: 'A-7' } });
    const { secret, id } = await integrate();
    const logId = await emit();
    const log = await host.waitForLog(logId, 'SUCCESS');
    await receiver.waitFor(2);
    const verified = receiver.requests.map(({ body, headers }) =>
      new Webhook(secret).verify(body, {
        'webhook-id': String(headers['webhook-id']),
        'webhook-timestamp': String(headers['webhook-timestamp']),
        'webhook-signature': String(headers['webhook-signature']),
      }),
    );
    expect(verified).toMatchObject([
      { type: 'integration.status', data: { status: 'QUEUED', sequence: 0, logId } },
      {
        type: 'integration.status',
        timestamp: log.completedAt?.toISOString(),
        data: {
          status: 'SUCCESS',
          sequence: 2,
          integration: { id, name: 'CRM', vendor: 'CRM' },
          context: { tenantId: LAB, patientId: 'P-1' },
          attemptCount: 1,
          error: null,
          extracts: { vendorRef: 'A-7' },
        },
      },
    ]);
    expect(receiver.requests.map(({ headers }) => headers['webhook-id'])).toEqual([`${logId}-0`, `${logId}-2`]);
    expect(receiver.requests[0]).toMatchObject({ method: 'POST', url: '/status' });
  });

  it('come again under the same id until the receiver takes them, and the delivery is as it was', async () => {
    await integrate();
    vendor.answer({ status: 422 });
    let refused = 0;
    receiver.answer(() => ({ status: refused++ < 3 ? 503 : 204 }));
    const logId = await emit();
    await receiver.waitFor(5);
    expect(receiver.requests.map(({ headers }) => headers['webhook-id'])).toEqual([
      ...Array.from({ length: 4 }, () => `${logId}-0`),
      `${logId}-2`,
    ]);
    const log = await host.waitForLog(logId, 'FAIL');
    expect(log).toMatchObject({ attemptCount: 1, errorClass: 'rejected', errorCode: 'HTTP_422' });
    expect(vendor.requests).toHaveLength(1);
  });

  const stateOf = async (logId: string) => (await lab.get(`/v1/logs/${logId}`).expect(200)).body.statusCallbacks;

  it('show in the log what was told and when, what is untold, why, and when it is tried next', async () => {
    await integrate();
    receiver.answer(({ body }) =>
      JSON.parse(body).data.status === 'QUEUED' ? { status: 204 } : { status: 503, headers: { 'retry-after': '60' } },
    );
    const from = Date.now();
    const logId = await emit();
    await host.waitForLog(logId, 'SUCCESS');
    const [state, ...others] = await eventually(
      () => stateOf(logId),
      ([first]) => first.failures === 1,
    );
    expect([others, state]).toEqual([
      [],
      {
        receiver: 'url',
        lastTold: { status: 'QUEUED', sequence: 0, at: expect.any(String) },
        untold: ['SUCCESS'],
        nextTryAt: expect.any(String),
        failures: 1,
        lastError: expect.stringContaining('503'),
        givenUp: 0,
      },
    ]);
    expect(Date.parse(state.lastTold.at)).toBeGreaterThanOrEqual(from);
    expect(Date.parse(state.nextTryAt) - Date.now()).toBeGreaterThan(45_000);
  });

  it('show in the log that all was told, and nothing where nobody is', async () => {
    await integrate();
    const logId = await emit();
    const [state] = await eventually(
      () => stateOf(logId),
      ([first]) => first.lastTold?.status === 'SUCCESS',
    );
    expect(state).toMatchObject({ untold: [], nextTryAt: null, failures: 0, lastError: null, givenUp: 0 });
    await integrate(null);
    expect(await stateOf(await emit())).toEqual([]);
  });

  it('end where the integration names no URL any more, and the log says so', async () => {
    const { id } = await integrate();
    receiver.answer({ status: 500 });
    const logId = await emit();
    await host.waitForLog(logId, 'SUCCESS');
    await receiver.waitFor(1);
    await lab.patch(`/v1/integrations/${id}`, { statusCallback: null }).expect(200);
    const log = await eventually(
      () => host.findLog(asLogId(logId)),
      (found) => found?.callbacks?.url?.untold.length === 0,
    );
    expect(log?.callbacks?.url).toMatchObject({ givenUp: 2, lastError: expect.stringContaining('no status callback') });
  });

  it('of a receiver that hangs hold a bounded part of the lane: others are told at once, and it in the end', async () => {
    const hanging = await startFakeVendor();
    const stuck: (() => void)[] = [];
    hanging.answer(() => new Promise((resolve) => stuck.push(() => resolve({ status: 200 }))));
    await integrate({ url: hanging.url });
    const many = 60;
    const logIds = await Promise.all(Array.from({ length: many }, emit));
    await Promise.all(logIds.map((logId) => host.waitForLog(logId, 'SUCCESS')));
    await hanging.waitFor(16);

    await integrate();
    await emit();
    await receiver.waitFor(2);
    expect(statusesTold()).toEqual(['QUEUED', 'SUCCESS']);
    expect(hanging.requests).toHaveLength(16);

    hanging.answer({ status: 200 });
    for (const answer of stuck) answer();
    // Its integration is deleted: that nobody is left to be told shows in the logs, one by one.
    for (const logId of logIds) {
      await eventually(
        () => host.findLog(asLogId(logId)),
        (log) => log?.callbacks?.url?.untold.length === 0,
      );
    }
    await hanging.close();
  });
});
