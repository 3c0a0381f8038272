import { Webhook } from 'standardwebhooks';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { Installation } from '../support/installation.js';
import { ServerProcess } from '../support/server-process.js';
import { mongodbUri } from '../support/services.js';

const ACTION = {
  id: 900,
  name: 'sample.collected',
  contextFields: [{ name: 'sampleId', type: 'string', required: true }],
};

interface LogView {
  readonly status: string;
  readonly attempts: readonly { readonly number: number; readonly outcome: string; readonly trigger: string }[];
}

/** A host in another language: it knows Waybill by HTTP only, and answers at an intent URL. */
describe('the standalone server, as processes of role api and worker', () => {
  let proxy: CuttableProxy;
  let vendor: FakeVendor;
  let intent: FakeVendor;
  let waybill: Installation;
  let signingSecret: string;

  beforeEach(async () => {
    [proxy, vendor, intent] = await Promise.all([CuttableProxy.to(mongodbUri()), startFakeVendor(), startFakeVendor()]);
    waybill = await Installation.start('server', {
      uriOf: (database) => `${proxy.uri(database)}?serverSelectionTimeoutMS=1000`,
      env: {
        WAYBILL_RECONCILER_INTERVAL_MS: '300',
        WAYBILL_RECONCILER_GRACE_MS: '500',
        WAYBILL_DELIVERY_TAKEOVER_AFTER_MS: '1000',
      },
    });
    intent.answer(({ json }) => ({ body: { sample: json, material: 'EDTA' } }));
    await waybill.call('POST', '/v1/tenants', { id: 'lab-1', name: 'Lab one' });
    const registered = await waybill.call('POST', '/v1/actions', { ...ACTION, intentUrl: intent.url });
    signingSecret = String(registered['signingSecret']);
    await waybill.call('POST', '/v1/integrations', {
      tenantId: 'lab-1',
      actionId: ACTION.id,
      name: 'EHR samples',
      vendor: 'EHR',
      endpoint: { url: `${vendor.url}/samples` },
      auth: { kind: 'bearer', token: 'vendor-secret-token' },
      retryPolicy: { maxAttempts: 4, baseDelayMs: 20, maxDelayMs: 50 },
    });
  });

  afterEach(async () => {
    await waybill.close();
    await Promise.all([vendor.close(), intent.close(), proxy.cut()]);
  });

  async function emit(sampleId: string): Promise<string> {
    const { deliveries } = await waybill.call('POST', '/v1/events', {
      action: ACTION.name,
      context: { tenantId: 'lab-1', sampleId },
    });
    return JSON.parse(JSON.stringify(deliveries))[0].logId;
  }

  const logOf = async (logId: string): Promise<LogView> =>
    JSON.parse(JSON.stringify(await waybill.call('GET', `/v1/logs/${logId}?tenantId=lab-1`)));

  /** Right after its connections were cut, the API may answer 503: then it is asked again. */
  async function logOnceItIs(logId: string, status: string): Promise<LogView> {
    const found = await eventually(
      () => logOf(logId).catch(() => null),
      (log) => log?.status === status,
      30_000,
    );
    return found ?? logOf(logId);
  }

  const triesOf = ({ attempts }: LogView) =>
    attempts.map(({ number, outcome, trigger }) => ({ number, outcome, trigger }));

  it('delivers what was emitted although the process that answered was killed at once', async () => {
    const logIds = await Promise.all(Array.from({ length: 20 }, (_, index) => emit(`S-${index}`)));
    await waybill.api.end('SIGKILL');
    expect(vendor.requests).toEqual([]);
    await waybill.startWorker();
    await vendor.waitFor(logIds.length, 30_000);
    await waybill.startApi();
    for (const logId of logIds)
      expect(triesOf(await logOnceItIs(logId, 'SUCCESS'))).toEqual([
        { number: 1, outcome: 'success', trigger: 'first' },
      ]);
    expect(new Set(vendor.requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(logIds));
    expect(vendor.requests[0]).toMatchObject({
      url: '/samples',
      headers: { authorization: 'Bearer vendor-secret-token' },
      json: { material: 'EDTA' },
    });
    const [asked] = intent.requests;
    const headers = Object.fromEntries(
      Object.entries(asked?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(() => new Webhook(signingSecret).verify(asked?.body ?? '', headers)).not.toThrow();
  });

  it('records the try of a worker that was killed in mid-call as unknown, and tries again under the same id', async () => {
    vendor.answer(() => null);
    const doomed = await waybill.startWorker();
    const logId = await emit('S-1');
    await vendor.waitFor(1, 20_000);
    await doomed.end('SIGKILL');
    vendor.answer({ status: 200 });
    await waybill.startWorker();
    expect(triesOf(await logOnceItIs(logId, 'SUCCESS'))).toEqual([
      { number: 1, outcome: 'unknown', trigger: 'first' },
      { number: 2, outcome: 'success', trigger: 'recovery' },
    ]);
    expect(vendor.requests.map((request) => request.headers['webhook-id'])).toEqual([logId, logId]);
  });

  it('ends its running calls and writes their records before it stops on SIGTERM', async () => {
    let release: () => void = () => undefined;
    const mayAnswer = new Promise<void>((resolve) => {
      release = resolve;
    });
    vendor.answer(() => mayAnswer.then(() => ({ status: 200 })));
    const worker = await waybill.startWorker();
    const logId = await emit('S-1');
    await vendor.waitFor(1, 20_000);
    const ending = worker.end('SIGTERM');
    const later = await emit('S-2');
    release();
    expect(await ending).toBe(0);
    const made = triesOf(await logOf(logId));
    expect(made).toEqual([{ number: 1, outcome: 'success', trigger: 'first' }]);
    // What comes while the signal is on its way may still be taken, and is then recorded as well.
    expect(vendor.requests).toHaveLength(made.length + triesOf(await logOf(later)).length);
    expect(worker.said()).not.toContain('vendor-secret-token');
  });

  it('holds the record of a call that was made until MongoDB is back, and does not call again', async () => {
    let isCut = false;
    vendor.answer(async () => {
      await proxy.cut();
      isCut = true;
      return { body: { reference: 'V-77' } };
    });
    await waybill.startWorker();
    const logId = await emit('S-1');
    await eventually(
      () => isCut,
      (cut) => cut,
    );
    await proxy.restore();
    expect(triesOf(await logOnceItIs(logId, 'SUCCESS'))).toEqual([{ number: 1, outcome: 'success', trigger: 'first' }]);
    expect(vendor.requests).toHaveLength(1);
  });

  it('says in one paragraph what is wrong with its settings, all at once, and ends', async () => {
    const failed = await ServerProcess.start({
      ...waybill.env,
      REDIS_URL: 'localhost',
      WAYBILL_DELIVERY_CONCURENCY: '5',
    }).catch((error: Error) => error.message);
    expect(failed).toMatch(/REDIS_URL must start with redis:\/\//);
    expect(failed).toMatch(/WAYBILL_DELIVERY_CONCURENCY.*WAYBILL_DELIVERY_CONCURRENCY/s);
    expect(failed).not.toMatch(/\n\s+at /);
  });
});
