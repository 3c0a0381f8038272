import { Injectable, NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import type { LogId } from '../../src/common/ids.js';
import { InboundWebhook, type ReceivedWebhook, WaybillModule } from '../../src/index.js';
import { RECEIVED_REQUESTS } from '../../src/logging/received/received-request.collection.js';
import { Database } from '../../src/storage/database.js';
import { eventually } from '../support/eventually.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

interface Cyclic {
  self?: Cyclic;
}

@Injectable()
class Results {
  calls = 0;
  result: unknown = undefined;
  failing: ((logId: LogId) => Promise<unknown>) | null = null;

  @InboundWebhook('acme-lab', '*')
  async onResult(_body: unknown, { logId }: ReceivedWebhook): Promise<unknown> {
    this.calls += 1;
    if (this.failing) throw await this.failing(logId);
    return this.result;
  }
}

const CYCLE: Cyclic = {};
CYCLE.self = CYCLE;

const thrown = (message: string, fields: object) => Object.assign(new Error(message), fields);

describe('webhooks that cannot be answered or read', () => {
  let host: TestHost;
  let results: Results;

  beforeAll(async () => {
    host = await startTestHost({ imports: [WaybillModule.forFeature({ handlers: [Results] })] });
    results = host.find(Results);
  });

  beforeEach(() => {
    results.calls = 0;
    results.failing = null;
    results.result = undefined;
  });

  afterAll(() => host.close());

  function post(path: string, id?: string) {
    const body = JSON.stringify({ type: 'result.ready' });
    return host.http.post(path).set(signed(body, id)).send(body);
  }

  it.each([
    ['a cycle', CYCLE, '(not serialisable: '],
    ['a BigInt', { value: 1n }, '(not serialisable: '],
    ['a function', () => 1, undefined],
  ])('are done where their handler returns %s, which is answered without a body', async (_what, result, shown) => {
    results.result = result;
    for (const mode of ['async', 'sync'] as const) {
      const { path, source } = await createSource(host, { mode });
      const answer = await post(path);
      expect([answer.status, mode === 'sync' ? answer.text : '']).toEqual([mode === 'sync' ? 200 : 202, '']);
      const queued = (await host.logs()).find(({ integrationId }) => integrationId === source._id);
      const log = await host.waitForLog(queued?._id ?? '', 'SUCCESS');
      const text = log.firstAttempt?.response?.body?.text;
      expect(text?.slice(0, shown?.length)).toBe(shown);
      expect(log.attemptCount).toBe(1);
    }
    expect(results.calls).toBe(2);
  });

  it.each([
    ["a client's error with a status", thrown('index patients-2 not found', { statusCode: 404 })],
    ['an error that may not be shown', thrown('patients-2', { statusCode: 400, expose: false })],
    ['a status that no answer can have', thrown('patients-2', { statusCode: 0, expose: true })],
    ["a Nest exception of one's own fault", new ServiceUnavailableException('patients-2 is away')],
    ['something that is no error', Object.create(null)],
  ])('are answered 500 and nothing else where their handler throws %s, and come again', async (_what, error) => {
    const { path } = await createSource(host, { mode: 'sync' });
    results.failing = async () => {
      results.failing = null;
      return error;
    };
    const answer = await post(path).expect(500);
    expect(answer.body).toEqual({ code: 'HANDLER_FAILED' });
    await eventually(
      () => results.calls,
      (calls) => calls === 2,
    );
  });

  it.each([
    [
      'Nest',
      new NotFoundException('no such sample'),
      404,
      { statusCode: 404, error: 'Not Found', message: 'no such sample' },
    ],
    ['http-errors', thrown('no such sample', { statusCode: 409, expose: true }), 409, 'no such sample'],
  ])('are answered with what an exception of %s says', async (_kind, error, status, body) => {
    const { path } = await createSource(host, { mode: 'sync' });
    results.failing = async () => error;
    const answer = await post(path).expect(status);
    expect(JSON.parse(answer.text)).toEqual(body);
  });

  const DAMAGES = [
    ['was changed', { data: Buffer.from('something else') }, ['REQUEST_UNREADABLE', 'config', 2]],
    ['is of a key that nobody has', { keyId: 'lost' }, ['SECRET_KEY_UNKNOWN', 'config', 3]],
  ] as const;

  it.each(DAMAGES)('FAIL where what is stored of them %s', async (_how, damage, expected) => {
    const { path } = await createSource(host);
    const stored = host.find(Database).collection(RECEIVED_REQUESTS);
    results.failing = async (logId) => {
      await stored.updateOne({ logId }, { $set: damage });
      return new Error('the store is away');
    };
    const { body } = await post(path).expect(202);
    const { errorCode, errorClass, attemptCount } = await host.waitForLog(body.id, 'FAIL');
    expect([errorCode, errorClass, attemptCount]).toEqual(expected);
    expect(results.calls).toBe(1);
  });
});
