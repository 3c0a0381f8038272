import { Injectable } from '@nestjs/common';
import { asLogId } from '../../src/common/ids.js';
import { OperationTimeoutError } from '../../src/common/operation-timeout.error.js';
import { InboundWebhook, type ReceivedWebhook, WaybillModule } from '../../src/index.js';
import { WebhookReplay } from '../../src/inbound/replay/webhook-replay.js';
import { SourceDirectory } from '../../src/inbound/sources/source-directory.js';
import { SourceEditor } from '../../src/inbound/sources/source-editor.js';
import { SourcePauses } from '../../src/inbound/sources/source-pauses.js';
import { InboundRunner } from '../../src/inbound/work/inbound-runner.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { LogFallback } from '../../src/logging/log-fallback.js';
import { MongoLogSink } from '../../src/logging/mongo-log-sink.js';
import { eventually } from '../support/eventually.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

@Injectable()
class Results {
  readonly calls: ReceivedWebhook[] = [];

  @InboundWebhook('acme-lab', '*')
  onResult(_body: unknown, webhook: ReceivedWebhook): { attempt: number } {
    this.calls.push(webhook);
    return { attempt: webhook.attempt };
  }
}

const BODY = JSON.stringify({ type: 'result.ready' });
const SYNC = { mode: 'sync', answerWithinMs: 100, timeoutMs: 100 };
const FOREVER = new Promise<never>(() => undefined);

describe('a webhook of a sync source', () => {
  let host: TestHost;
  let results: Results;

  beforeAll(async () => {
    host = await startTestHost({
      settings: { delivery: { takeoverAfterMs: 1_000 }, reconciler: { intervalMs: 200, graceMs: 200 } },
      imports: [WaybillModule.forFeature({ handlers: [Results] })],
    });
    results = host.find(Results);
  });

  beforeEach(() => {
    results.calls.length = 0;
  });

  afterEach(() => jest.restoreAllMocks());

  afterAll(() => host.close());

  /** As if the process died in the handler, once it has called it. */
  const dieInHandler = () => jest.spyOn(host.find(InboundRunner), 'deliver').mockImplementationOnce(() => FOREVER);

  const post = (path: string, headers = signed(BODY)) => host.http.post(path).set(headers).send(BODY);

  async function triesOf(logId: string) {
    const log = await host.waitForLog(logId, 'SUCCESS');
    const tries = await host.find(IntegrationLogStore).attemptsOf(log);
    return tries.map(({ number, outcome, trigger, errorCode }) => ({ number, outcome, trigger, errorCode }));
  }

  const LOST_THEN_MADE = [
    { number: 1, outcome: 'unknown', trigger: 'first', errorCode: 'PROCESS_DIED' },
    { number: 2, outcome: 'success', trigger: 'recovery', errorCode: null },
  ];
  const MADE_FIRST = [{ number: 1, outcome: 'success', trigger: 'first', errorCode: null }];

  it('is recorded as unknown where its process died in the handler, and handled again by the same key', async () => {
    const { path } = await createSource(host, SYNC);
    const headers = signed(BODY);
    dieInHandler();
    const { id } = (await post(path, headers).expect(202)).body;
    expect((await post(path, headers).expect(202)).body).toEqual({ id });
    expect(await triesOf(id)).toEqual(LOST_THEN_MADE);
    expect(results.calls).toMatchObject([{ idempotencyKey: id, attempt: 2 }]);
    expect((await post(path, headers).expect(200)).body).toEqual({ attempt: 2 });
  });

  it('is so before one with the same ordering key, which waits for its end', async () => {
    const { path } = await createSource(host, { ...SYNC, traffic: { ordering: { by: '/type' } } });
    dieInHandler();
    const first = (await post(path).expect(202)).body.id;
    const second = (await post(path).expect(202)).body.id;
    expect(await triesOf(second)).toEqual(MADE_FIRST);
    expect(await triesOf(first)).toEqual(LOST_THEN_MADE);
    expect(results.calls).toMatchObject([{ logId: first, attempt: 2 }, { logId: second }]);
  });

  it('is so where its source has become async since', async () => {
    const { path, source } = await createSource(host, SYNC);
    dieInHandler();
    const { id } = (await post(path).expect(202)).body;
    await host.find(SourceEditor).change(LAB, source._id, { mode: 'async' }, 'test');
    expect(await triesOf(id)).toEqual(LOST_THEN_MADE);
  });

  it('has no such try where its end is on its way to MongoDB when a worker takes it over', async () => {
    const { path } = await createSource(host, SYNC);
    const runner = host.find(InboundRunner);
    const deliver = runner.deliver.bind(runner);
    let reach: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    jest.spyOn(runner, 'deliver').mockImplementationOnce(async (log, atHand) => {
      await reached;
      return deliver(log, atHand);
    });
    const { id } = (await post(path).expect(202)).body;
    const settling = jest.spyOn(host.find(LogFallback), 'settled').mockImplementationOnce(async () => {
      reach();
      await host.waitForLog(id, 'SUCCESS');
    });
    expect(await triesOf(id)).toEqual(MADE_FIRST);
    expect(settling).toHaveBeenCalledTimes(1);
    expect(results.calls).toHaveLength(1);
  });

  it('has no such try where it was stored after its caller had been told that it was not', async () => {
    const { path, source } = await createSource(host, SYNC);
    const [sink, fallback] = [host.find(MongoLogSink), host.find(LogFallback)];
    let letGo: (kept: boolean) => void = () => undefined;
    const keeping = new Promise<boolean>((resolve) => (letGo = resolve));
    // Two batches are on their way at once: what comes behind them waits.
    jest.spyOn(sink, 'open').mockRejectedValueOnce(AWAY).mockRejectedValueOnce(AWAY);
    jest.spyOn(fallback, 'setAway').mockReturnValue();
    const kept = jest.spyOn(fallback, 'keep').mockReturnValue(keeping);
    const before: Promise<number>[] = [];
    for (const count of [1, 2]) {
      before.push(post(path).then(({ status }) => status));
      await eventually(
        () => kept.mock.calls,
        ({ length }) => length === count,
      );
    }
    await post(path).expect(503);
    letGo(false);
    expect(await Promise.all(before)).toEqual([503, 503]);
    const stored = await eventually(
      async () => (await host.logs()).filter(({ integrationId }) => integrationId === source._id),
      ({ length }) => length > 0,
    );
    expect(stored).toHaveLength(1);
    expect(await triesOf(stored[0]?._id ?? '')).toEqual(MADE_FIRST);
  });

  it('is left to the worker that took it over while it was being stored', async () => {
    const { path } = await createSource(host, SYNC);
    const sink = host.find(MongoLogSink);
    const open = sink.open.bind(sink);
    jest.spyOn(sink, 'open').mockImplementationOnce(async (entries) => {
      const there = await open(entries);
      for (const { log } of entries) await host.waitForLog(log._id, 'SUCCESS');
      return there;
    });
    const { id } = (await post(path).expect(202)).body;
    expect(await triesOf(id)).toEqual(LOST_THEN_MADE);
    expect(results.calls).toMatchObject([{ attempt: 2 }]);
  });

  it('has no such try where MongoDB went away once it was stored: nothing is read before it is handled', async () => {
    const { path } = await createSource(host, { ...SYNC, answerWithinMs: 5_000 });
    jest.spyOn(host.find(SourceDirectory), 'forDelivery').mockRejectedValue(AWAY);
    expect((await post(path).expect(200)).body).toEqual({ attempt: 1 });
  });

  it('has no such try where nobody handled it at once: its source was paused, or takes files', async () => {
    const [paused, files] = [await createSource(host, SYNC), await createSource(host, { ...SYNC, bulk: 'ndjson' })];
    const pauses = host.find(SourcePauses);
    await pauses.pause(LAB, paused.source._id, { by: 'test', reason: 'Their test' });
    const ids = [(await post(paused.path).expect(202)).body.id, (await post(files.path).expect(202)).body.id];
    await pauses.resume(LAB, paused.source._id, 'test');
    for (const id of ids) expect(await triesOf(id)).toEqual(MADE_FIRST);
  });

  it('is replayed as what nobody has worked on before', async () => {
    const { path } = await createSource(host, SYNC);
    dieInHandler();
    const { id } = (await post(path).expect(202)).body;
    await triesOf(id);
    const wanted = { requestedBy: 'test', reason: 'the handler was fixed' };
    const { _id } = await host.find(WebhookReplay).replay(LAB, asLogId(id), wanted);
    expect(await triesOf(_id)).toMatchObject([{ number: 1, outcome: 'success', trigger: 'manual' }]);
  });
});

const AWAY = new OperationTimeoutError('Storing a webhook', 3_000);
