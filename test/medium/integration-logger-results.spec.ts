import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { BadGatewayException, Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Queue, Worker } from 'bullmq';
import { type Connection, Schema } from 'mongoose';
import { BehaviorSubject, defer, from, lastValueFrom, type Observable, tap } from 'rxjs';
import { currentCallScope } from '../../src/common/call-scope.js';
import { IntegrationLogger } from '../../src/logging/decorator/integration-logger.decorator.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { LoggingModule } from '../../src/logging/logging.module.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { Database } from '../../src/storage/database.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { eventually } from '../support/eventually.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';
import { settingsModule } from '../support/settings-module.js';

interface Sample {
  _id: string;
  kind: string;
}

const SAMPLE = new Schema<Sample>({ _id: String, kind: String });
const sampleModel = (connection: Connection) => connection.model('Sample', SAMPLE);

/** As the builders of query libraries are: nothing runs until somebody waits, and each waiting runs it. */
class LazyQuery {
  runs = 0;

  constructor(private readonly work: () => Promise<string>) {}

  where(): this {
    return this;
  }

  // oxlint-disable-next-line no-thenable
  then<A, B>(fulfilled?: (value: string) => A, rejected?: (error: unknown) => B): Promise<string | A | B> {
    this.runs += 1;
    return this.work().then(fulfilled, rejected);
  }
}

/** A promise that starts its work when it is waited for, as p-lazy's do. */
class LazyPromise extends Promise<string> {
  runs = 0;

  constructor(private readonly work: () => Promise<string>) {
    super((resolve) => resolve('nothing'));
  }

  // oxlint-disable-next-line no-thenable
  override then<A, B>(
    fulfilled?: ((value: string) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.runs += 1;
    return this.work().then(fulfilled, rejected);
  }

  static override get [Symbol.species]() {
    return Promise;
  }
}

@Injectable()
class Bench {
  samples!: ReturnType<typeof sampleModel>;
  inner = (): unknown => undefined;

  @IntegrationLogger()
  query(kind: string) {
    return this.samples.find({ kind });
  }

  @IntegrationLogger()
  lazy<T>(value: T): T {
    return value;
  }

  @IntegrationLogger()
  async *pages(of: number): AsyncGenerator<number> {
    for (let page = 1; page <= of; page += 1) {
      await this.nested({ page });
      yield page;
    }
  }

  @IntegrationLogger()
  *numbers(): Generator<number> {
    yield 1;
    throw new Error('out of numbers');
  }

  @IntegrationLogger({ name: 'nested' })
  async nested(_what: unknown): Promise<string | undefined> {
    return currentCallScope()?.correlationId;
  }

  @IntegrationLogger()
  watch(): Observable<string | undefined> {
    return defer(() => from(this.nested('watched')));
  }

  @IntegrationLogger({ keep: 'none' })
  keepsNothing(): string {
    return 'a diagnosis';
  }

  @IntegrationLogger({ keep: ({ id }: { id: string }) => ({ id }) })
  async keepsTheId(): Promise<{ id: string; text: string }> {
    return { id: 'R-1', text: 'a diagnosis' };
  }

  @IntegrationLogger({ keep: () => JSON.parse('{') })
  keepsBadly(): string {
    return 'ok';
  }

  @IntegrationLogger({ tenant: (lab: string) => lab })
  async byLab(_lab: string): Promise<void> {
    await this.nested({ tenantId: undefined, sampleId: 'S-1' });
  }

  @IntegrationLogger({ direction: 'outbound', redact: { paths: ['/body/0/patient/name', '/body/0/patientId'] } })
  async send(_order: object, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await this.inner();
  }

  @IntegrationLogger({ context: () => ({ tooLargeId: 'x'.repeat(17 * 1_048_576) }) })
  async tooLarge(): Promise<string | undefined> {
    return currentCallScope()?.logId;
  }

  @IntegrationLogger()
  async process(job: { data: { reportId: string } }, _token?: string): Promise<string> {
    if (job.data.reportId === 'R-bad') throw new Error('no such report');
    return `printed ${job.data.reportId}`;
  }
}

type SampleQuery = ReturnType<Bench['query']>;

describe('what a decorated method answers with', () => {
  let app: TestingModule;
  let bench: Bench;

  beforeAll(async () => {
    const uri = mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${freshDatabaseName('results')}`);
    app = await Test.createTestingModule({
      imports: [settingsModule({ mongodb: { uri } }), StorageModule, LoggingModule],
      providers: [Bench],
    }).compile();
    await app.init();
    bench = app.get(Bench);
    bench.samples = sampleModel(app.get(Database).connection);
    await bench.samples.create([{ _id: 'S-1', kind: 'blood' }]);
  });

  afterAll(async () => {
    await app.get(Database).connection.dropDatabase();
    await app.close();
  });

  beforeEach(async () => {
    await app.get(LogWriter).flush();
    await app.get(Database).model(INTEGRATION_LOGS).deleteMany({});
    bench.inner = () => undefined;
  });

  async function logs(): Promise<IntegrationLog[]> {
    await Promise.resolve();
    await app.get(LogWriter).flush();
    return app.get(Database).model(INTEGRATION_LOGS).find().sort({ createdAt: 1, _id: 1 }).lean<IntegrationLog[]>();
  }

  const answers = async () =>
    (await logs()).map(({ status, firstAttempt }) => [status, firstAttempt?.response?.body?.text]);

  it('is QUEUED with the full request before the method runs, and carries its process', async () => {
    let during: IntegrationLog[] = [];
    const order = { orderId: 'O-1', lines: [{ code: 'GLU' }] };
    bench.inner = async () => {
      order.lines = [];
      during = await logs();
    };
    await bench.send(order);
    expect(during).toMatchObject([
      {
        status: 'QUEUED',
        attemptCount: 0,
        madeBy: expect.stringMatching(/^prc_/),
        firstAttempt: { outcome: 'running', request: { body: { text: expect.stringContaining('GLU') } } },
      },
    ]);
    const [log] = await logs();
    expect(log).toMatchObject({ _id: during[0]?._id, status: 'SUCCESS', attemptCount: 1 });
    expect(log?.firstAttempt).toMatchObject({ outcome: 'success', executionId: during[0]?.firstAttempt?.executionId });
    expect(log?.firstAttempt?.request).toEqual(during[0]?.firstAttempt?.request);
  });

  it.each([
    ['awaited', async (query: SampleQuery) => query],
    ['executed', (query: SampleQuery) => query.exec()],
    ['built upon', async (query: SampleQuery) => query.sort({ _id: 1 }).limit(5)],
    ['caught', (query: SampleQuery) => query.catch(() => [])],
  ])('leaves a query of mongoose alone until it is %s', async (_how, use) => {
    const query = bench.query('blood');
    expect((await logs())[0]?.status).toBe('QUEUED');
    expect(await use(query)).toMatchObject([{ _id: 'S-1' }]);
    const [log] = await logs();
    expect(log?.status).toBe('SUCCESS');
    expect(log?.firstAttempt?.response?.body?.text).toContain('S-1');
  });

  it("logs a query's failure, which the caller gets", async () => {
    const query = bench.query('blood').where({ $nonsense: 1 });
    await expect(query).rejects.toThrow('$nonsense');
    expect((await logs())[0]?.status).toBe('FAIL');
  });

  it('runs a lazy query as often as the caller does, and hands the very object back', async () => {
    const query = new LazyQuery(async () => 'rows');
    expect(bench.lazy(query)).toBe(query);
    await logs();
    expect(query.runs).toBe(0);
    await expect(query.where().then((rows) => `${rows}!`)).resolves.toBe('rows!');
    expect(query.runs).toBe(1);
    expect(await answers()).toEqual([['SUCCESS', '"rows"']]);
  });

  it('logs every call that answers with the same lazy object', async () => {
    const query = new LazyQuery(() => Promise.reject(new Error('gone')));
    const own = query.then;
    bench.lazy(query);
    bench.lazy(query);
    await expect(query).rejects.toThrow('gone');
    expect(query.runs).toBe(1);
    expect(own).toBe(LazyQuery.prototype.then);
    expect((await logs()).map(({ status, errorMessage }) => [status, errorMessage])).toEqual([
      ['FAIL', 'gone'],
      ['FAIL', 'gone'],
    ]);
  });

  it('does not start a promise whose work waits for its first listener', async () => {
    const promise = new LazyPromise(async () => 'late');
    expect(bench.lazy(promise)).toBe(promise);
    await logs();
    expect(promise.runs).toBe(0);
    await expect(promise.then((value) => value)).resolves.toBe('late');
    expect(await answers()).toEqual([['SUCCESS', '"late"']]);
  });

  it("runs a listener of a lazy object in the listener's own scope", async () => {
    const scopes = new AsyncLocalStorage<string>();
    const query = new LazyQuery(async () => 'rows');
    bench.lazy(query);
    const seen = await scopes.run('caller', () => query.then(() => [scopes.getStore(), currentCallScope()]));
    expect(seen).toEqual(['caller', undefined]);
  });

  it('logs a generator when it ends, and what it calls as its children', async () => {
    const pages: number[] = [];
    for await (const page of bench.pages(2)) pages.push(page);
    expect(pages).toEqual([1, 2]);
    const [parent, ...children] = await logs();
    expect(parent).toMatchObject({ status: 'SUCCESS', firstAttempt: { response: { body: { text: '2' } } } });
    expect(children.map(({ parentLogId }) => parentLogId)).toEqual([parent?._id, parent?._id]);
  });

  it('logs a generator whose reader leaves early, and one that throws', async () => {
    const pages = bench.pages(5);
    await pages.next();
    await pages.return(undefined);
    expect(() => [...bench.numbers()]).toThrow('out of numbers');
    const ends = (await logs()).filter(({ integrationName }) => integrationName !== 'nested');
    expect(ends.map(({ status, firstAttempt }) => [status, firstAttempt?.response?.body?.text])).toEqual([
      ['SUCCESS', '1'],
      ['FAIL', undefined],
    ]);
  });

  it('logs streams and subjects as what they are, and leaves them alone', async () => {
    const [stream, subject] = [Readable.from(['a']), new BehaviorSubject(1)];
    expect(bench.lazy(stream)).toBe(stream);
    expect(bench.lazy(subject)).toBe(subject);
    expect(stream.readableFlowing).toBeNull();
    expect((await answers()).map(([status]) => status)).toEqual(['SUCCESS', 'SUCCESS']);
  });

  it("runs an observable's source in the call's scope and its listener in the listener's", async () => {
    let heard: unknown = 'nothing';
    await lastValueFrom(bench.watch().pipe(tap(() => (heard = currentCallScope()))));
    expect(heard).toBeUndefined();
    const [parent, child] = await logs();
    expect(child?.parentLogId).toBe(parent?._id);
  });

  it('keeps of a result what its options say', async () => {
    expect(bench.keepsNothing()).toBe('a diagnosis');
    await expect(bench.keepsTheId()).resolves.toEqual({ id: 'R-1', text: 'a diagnosis' });
    expect(bench.keepsBadly()).toBe('ok');
    expect(await answers()).toEqual([
      ['SUCCESS', undefined],
      ['SUCCESS', '{"id":"R-1"}'],
      ['SUCCESS', expect.stringContaining('not kept')],
    ]);
  });

  it('takes the tenant that is named, and gives it to the calls within that name none', async () => {
    await bench.byLab('lab-7');
    expect((await logs()).map(({ tenantId }) => tenantId)).toEqual(['lab-7', 'lab-7']);
  });

  it('keeps a hidden id out of the context too', async () => {
    await bench.send({ patientId: 'P-1', orderId: 'O-2', patient: { name: 'Ana', age: 30 } });
    const [log] = await logs();
    expect(log?.contextKeys).toEqual(['orderId=O-2']);
    expect(log?.firstAttempt?.request?.body?.text).toBe(
      '[{"patientId":"***","orderId":"O-2","patient":{"name":"***","age":30}}]',
    );
  });

  it.each([
    ['an abort', () => bench.send({}, AbortSignal.abort()), 'transient', 'AbortError', undefined],
    ['a refused connection', () => failing(connectionRefused()), 'transient', 'ECONNREFUSED', undefined],
    ["a vendor's answer", () => failing(vendorError(503)), 'transient', 'HTTP_503', '{"error":"busy","token":"***"}'],
    [
      'an exception of Nest',
      () => failing(new BadGatewayException('no link')),
      'transient',
      'HTTP_502',
      expect.stringContaining('no link'),
    ],
    ["a vendor's refusal", () => failing(vendorError(401)), 'auth', 'HTTP_401', expect.stringContaining('busy')],
    ['what is no error', () => failing('just text'), 'rejected', 'THROWN', undefined],
  ])('classifies %s', async (_what, call, errorClass, errorCode, body) => {
    await expect(call()).rejects.toBeDefined();
    const [log] = await logs();
    expect(log).toMatchObject({ status: 'FAIL', errorClass, errorCode });
    expect(log?.firstAttempt?.response?.body?.text).toEqual(body);
  });

  function failing(error: unknown): Promise<void> {
    bench.inner = () => {
      throw error;
    };
    return bench.send({});
  }

  const connectionRefused = () =>
    Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });

  const vendorError = (status: number) =>
    Object.assign(new Error(`Request failed with status code ${status}`), {
      config: { headers: { authorization: 'hush' } },
      response: { status, data: { error: 'busy', token: 'hush' } },
    });

  it('says under the ids of the call that its log could not be written, and gives the result all the same', async () => {
    const complaints: unknown[] = [];
    const note = () => void complaints.push(currentCallScope());
    const silent = () => undefined;
    app.useLogger({ error: note, warn: silent, log: silent });
    const logId = await bench.tooLarge();
    await eventually(
      () => complaints,
      (found) => found.length > 0,
    );
    app.useLogger(['error']);
    expect(complaints).toEqual([{ correlationId: expect.stringMatching(/^cor_/), logId }]);
  });

  it('shows the job of a processor, one log for each try', async () => {
    const [name, prefix] = ['reports', freshPrefix('processor')];
    const connection = { url: redisUrl() };
    const queue = new Queue(name, { connection, prefix });
    const worker = new Worker(name, (job, token) => bench.process(job, token), { connection, prefix });
    await queue.add('print', { reportId: 'R-1' }, { jobId: 'job-1' });
    await queue.add('print', { reportId: 'R-bad' }, { jobId: 'job-2', attempts: 2 });
    const all = await eventually(logs, (found) => found.filter(({ status }) => status !== 'QUEUED').length === 3);
    await worker.close();
    await queue.obliterate({ force: true });
    await queue.close();
    const tries = all.map(({ context, firstAttempt, status }) => ({
      context,
      status,
      url: firstAttempt?.request?.url,
      ...JSON.parse(firstAttempt?.request?.body?.text ?? '{}'),
    }));
    const bad = { context: { jobId: 'job-2', reportId: 'R-bad' }, status: 'FAIL', data: { reportId: 'R-bad' } };
    expect(tries).toEqual([
      {
        context: { jobId: 'job-1', reportId: 'R-1' },
        status: 'SUCCESS',
        url: 'reports/print/job-1',
        queue: 'reports',
        name: 'print',
        id: 'job-1',
        attemptsMade: 0,
        data: { reportId: 'R-1' },
      },
      expect.objectContaining({ ...bad, attemptsMade: 0 }),
      expect.objectContaining({ ...bad, attemptsMade: 1 }),
    ]);
  });
});
