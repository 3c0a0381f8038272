import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import { asLogId } from '../../src/common/ids.js';
import { DeliveryOrder } from '../../src/dispatch/delivery-order.js';
import { HeldSweep } from '../../src/dispatch/held-sweep.js';
import { InboundWebhook, type ReceivedWebhook, WaybillModule } from '../../src/index.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { MongoLogSink } from '../../src/logging/mongo-log-sink.js';
import { HeldDeliveries } from '../../src/scheduling/held-deliveries.js';
import { eventually } from '../support/eventually.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

interface Result {
  readonly sampleId: string;
  readonly step: string;
}

/** Of both processes. */
class Work {
  readonly begun: string[] = [];
  running = 0;
  most = 0;
  private readonly held = new Map<string, Promise<void>>();
  private readonly releases: (() => void)[] = [];
  private readonly faults = new Map<string, Error>();

  hold(step: string): () => void {
    let letGo: () => void = () => undefined;
    this.held.set(step, new Promise((resolve) => (letGo = resolve)));
    this.releases.push(letGo);
    return letGo;
  }

  letAllGo(): void {
    for (const letGo of this.releases) letGo();
  }

  /** Once. */
  fail(step: string, fault: Error): void {
    this.faults.set(step, fault);
  }

  async do(step: string): Promise<{ step: string }> {
    this.begun.push(step);
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await this.held.get(step);
    this.running -= 1;
    const fault = this.faults.get(step);
    this.faults.delete(step);
    if (fault) throw fault;
    return { step };
  }
}

let work = new Work();

@Injectable()
class Results {
  @InboundWebhook('acme-lab', '*')
  onResult({ step }: Result, _webhook: ReceivedWebhook): Promise<{ step: string }> {
    return work.do(step);
  }
}

/** Sooner than those that were forgotten are brought back. */
const AT_ONCE_MS = 9_000;

describe('webhooks of a sync source with the same ordering key', () => {
  let host: TestHost;
  let other: TestHost;

  beforeAll(async () => {
    const imports = [WaybillModule.forFeature({ handlers: [Results] })];
    host = await startTestHost({ imports });
    other = await startTestHost({ imports, settings: host.settings });
  });

  beforeEach(() => {
    work = new Work();
  });

  afterEach(() => {
    work.letAllGo();
    jest.restoreAllMocks();
  });

  afterAll(async () => {
    await other.close({ keepData: true });
    await host.close();
  });

  async function source(partial: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const traffic = { ordering: { by: '/sampleId', afterFail: 'continue' } };
    return (await createSource(host, { mode: 'sync', answerWithinMs: 200, traffic, ...partial })).path;
  }

  async function post(path: string, step: string, { at = host, sampleId = 'S-1' } = {}) {
    const body = JSON.stringify({ type: 'result.ready', sampleId, step });
    const { status, body: answer } = await at.http.post(path).set(signed(body)).send(body);
    return { status, answer, id: String(answer.id) };
  }

  const setAside = (id: string) =>
    eventually(
      () => host.findLog(asLogId(id)),
      (log) => log?.status === 'QUEUED' && log.nextAttemptAt === null,
    );

  const ended = (...ids: string[]): Promise<IntegrationLog[]> =>
    Promise.all(ids.map((id) => host.waitForLog(id, 'SUCCESS', AT_ONCE_MS)));

  const begun = (step: string) =>
    eventually(
      () => work.begun,
      (steps) => steps.includes(step),
    );

  it('are acknowledged where an earlier one has not ended, and worked on in their order', async () => {
    const path = await source();
    const letGo = work.hold('first');
    const first = await post(path, 'first');
    const second = await post(path, 'second', { at: other });
    const third = await post(path, 'third');
    expect([first, second, third].map(({ status }) => status)).toEqual([202, 202, 202]);
    for (const { id } of [second, third]) await setAside(id);
    expect(await post(path, 'apart', { sampleId: 'S-2' })).toMatchObject({ status: 200, answer: { step: 'apart' } });
    expect(work.begun).toEqual(['first', 'apart']);
    letGo();
    for (const { attemptCount } of await ended(first.id, second.id, third.id)) expect(attemptCount).toBe(1);
    expect(work.begun).toEqual(['first', 'apart', 'second', 'third']);
    expect(await post(path, 'fourth')).toMatchObject({ status: 200, answer: { step: 'fourth' } });
  });

  it('wait for a person where an earlier one has FAILed and holds them', async () => {
    const path = await source({ traffic: { ordering: { by: '/sampleId', afterFail: 'hold' } } });
    work.fail('first', new UnprocessableEntityException('no such sample'));
    expect(await post(path, 'first')).toMatchObject({ status: 422 });
    const [failed] = await eventually(
      async () => (await host.logs()).filter(({ status }) => status === 'FAIL'),
      ({ length }) => length === 1,
    );
    const second = await post(path, 'second');
    expect(second.status).toBe(202);
    await setAside(second.id);
    await host.find(HeldSweep).count(new AbortController().signal);
    expect(host.find(HeldDeliveries).count()).toBe(1);
    await host.find(IntegrationLogStore).resolve(LAB, failed?._id ?? asLogId(''), { by: 'test', note: 'not ours' });
    expect(work.begun).toEqual(['first']);
  });

  it('have one answered and the later one acknowledged where they come together', async () => {
    const path = await source({ answerWithinMs: 5_000 });
    const answers = await Promise.all([post(path, 'a'), post(path, 'b')]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 202]));
    const [later] = answers.filter(({ status }) => status === 202);
    await ended(later?.id ?? '');
    const inOrder = (await host.logs())
      .filter(({ order }) => order)
      .toSorted((a, b) => (a.order?.seq ?? 0) - (b.order?.seq ?? 0));
    expect(inOrder.at(-1)?._id).toBe(later?.id);
    expect(work.most).toBe(1);
  });

  /** Has a process store its next webhook only when it is told to: then another one has an earlier place, and is not there yet. */
  function storeLater(at: TestHost) {
    const sink = at.find(MongoLogSink);
    const open = sink.open.bind(sink);
    let store: () => void = () => undefined;
    const mayStore = new Promise<void>((resolve) => (store = resolve));
    const storing = jest.spyOn(sink, 'open').mockImplementationOnce(async (entries) => {
      await mayStore;
      return open(entries);
    });
    return { store, called: () => calledOnce(storing) };
  }

  const calledOnce = (spy: jest.SpyInstance) =>
    eventually(
      () => spy.mock.calls,
      ({ length }) => length === 1,
    );

  /** The second one is worked on by another process before the first one is there. */
  async function crossing(path: string) {
    const later = storeLater(host);
    const letGo = work.hold('second');
    const first = post(path, 'first');
    await later.called();
    const second = post(path, 'second', { at: other });
    await begun('second');
    later.store();
    const { id, status } = await first;
    expect(status).toBe(202);
    await setAside(id);
    expect(work.begun).toEqual(['second']);
    return { letGo, second, firstId: id };
  }

  it('wait for one that another process has begun with, though it is later', async () => {
    const path = await source();
    const { letGo, second, firstId } = await crossing(path);
    letGo();
    await ended(firstId, (await second).id);
    expect(work.begun).toEqual(['second', 'first']);
    expect(work.most).toBe(1);
  });

  it('do not wait for its further tries', async () => {
    const path = await source();
    const { letGo, second, firstId } = await crossing(path);
    work.fail('second', new Error('the store is away'));
    letGo();
    await ended(firstId, (await second).id);
    expect(work.begun).toEqual(['second', 'first', 'second']);
    expect(work.most).toBe(1);
  });

  it('do not wait for a later one that gives way only after they did', async () => {
    const path = await source({ answerWithinMs: 5_000 });
    const later = storeLater(host);
    const first = post(path, 'first');
    await later.called();
    const order = other.find(DeliveryOrder);
    const look = order.whatIsBefore.bind(order);
    let goOn: () => void = () => undefined;
    const mayLook = new Promise<void>((resolve) => (goOn = resolve));
    const looking = jest.spyOn(order, 'whatIsBefore').mockImplementationOnce(async (log, owner) => {
      await mayLook;
      return look(log, owner);
    });
    const second = post(path, 'second', { at: other });
    await calledOnce(looking);
    later.store();
    const { id } = await first;
    await setAside(id);
    goOn();
    await ended(id, (await second).id);
    expect(work.begun).toEqual(['first', 'second']);
  });

  it('are left to workers, as what nobody has worked on, where it cannot be told whether they have to wait', async () => {
    const path = await source();
    jest.spyOn(host.find(DeliveryOrder), 'whatIsBefore').mockRejectedValueOnce(new Error('MongoDB is away'));
    const { status, id } = await post(path, 'first');
    expect(status).toBe(202);
    const [log] = await ended(id);
    expect(log).toMatchObject({ attemptCount: 1, firstAttempt: { outcome: 'success' } });
  });

  it('are worked on one at a time where they come together to two processes', async () => {
    const path = await source({ answerWithinMs: 5_000 });
    const posts = Array.from({ length: 6 }, (_, number) =>
      post(path, String(number), { at: number % 2 === 0 ? host : other }),
    );
    const acknowledged = (await Promise.all(posts)).filter(({ status }) => status === 202);
    for (const { id } of acknowledged) await host.waitForLog(id, 'SUCCESS');
    expect(work.begun).toHaveLength(6);
    expect(work.most).toBe(1);
  });
});
