import type { DynamicModule } from '@nestjs/common';
import { Redis } from 'ioredis';
import {
  OnIntegrationStatus,
  type StatusListener,
  type StatusUpdate,
  WaybillModule,
  type WaybillOptionsInput,
} from '../../src/index.js';
import { asLogId } from '../../src/common/ids.js';
import { RetryService } from '../../src/retries/retry.service.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { freshPrefix, startPrivateRedis } from '../support/services.js';
import { LAB, startTestHost, type TestHost, type TestHostOptions } from '../support/test-host.js';
import { PatientContext, PatientRegistered } from '../support/test-lab.js';

const QUICK: Partial<WaybillOptionsInput> = {
  callback: { baseDelayMs: 20, maxDelayMs: 50 },
  reconciler: { intervalMs: 200, graceMs: 300 },
};

type Told = StatusUpdate<PatientContext>;

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
    const integration = await host.createIntegration({ url: vendor.url });
    const logId = await emit();
    const log = await host.waitForLog(logId, 'SUCCESS');
    const [queued, success] = await toldOf(listener, 2);
    expect(queued).toMatchObject({ status: 'QUEUED', sequence: 0, attemptCount: 0, error: null, logId });
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
      extracts: {},
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
    });
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
    const listener = await start({
      settings: {
        redis: { url: redis.url, prefix: freshPrefix('status') },
        // Long enough that only the reconciler can have brought it back, and none is queued ahead.
        callback: { baseDelayMs: 2_000, maxDelayMs: 2_000 },
      },
    });
    await host.createIntegration({ url: vendor.url });
    let isDown = true;
    listener.habit = () => {
      if (isDown) throw new Error('the host is down');
    };
    const logId = await emit();
    await host.waitForLog(logId, 'SUCCESS');
    await eventually(
      () => host.findLog(asLogId(logId)),
      (log) => log?.callbacks?.class?.untold.length === 2 && log.callbacks.class.failures > 0,
    );
    const admin = new Redis(redis.url);
    await admin.flushall();
    await admin.quit();
    isDown = false;
    expect((await toldOf(listener, 2)).map(({ status }) => status)).toEqual(['QUEUED', 'SUCCESS']);
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
