import { createHmac } from 'node:crypto';
import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import { InboundWebhook, type ReceivedWebhook, WaybillModule } from '../../src/index.js';
import { ReceivedRequestStore } from '../../src/logging/received/received-request.store.js';
import { eventually } from '../support/eventually.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

@Injectable()
class Results {
  readonly calls: ReceivedWebhook[] = [];
  work: () => unknown = () => undefined;

  @InboundWebhook('acme-lab', '*')
  onResult(_body: unknown, webhook: ReceivedWebhook): unknown {
    this.calls.push(webhook);
    return this.work();
  }
}

const BODY = JSON.stringify({ type: 'result.ready' });
const ONE_TRY = { retryPolicy: { maxAttempts: 1, baseDelayMs: 10, maxDelayMs: 10 } };

const fails = (fault: Error) => async (): Promise<never> => {
  throw fault;
};

describe('a sync source', () => {
  let host: TestHost;
  let results: Results;

  beforeAll(async () => {
    host = await startTestHost({ imports: [WaybillModule.forFeature({ handlers: [Results] })] });
    results = host.find(Results);
  });

  beforeEach(() => {
    results.calls.length = 0;
  });

  afterAll(() => host.close());

  async function caller(partial: Parameters<typeof createSource>[1] = {}) {
    const { path } = await createSource(host, { mode: 'sync', ...partial });
    const headers = signed(BODY);
    return async () => {
      const { status, text, headers: answered } = await host.http.post(path).set(headers).send(BODY);
      return { status, text, type: answered['content-type'] };
    };
  }

  const endOf = (status: 'SUCCESS' | 'FAIL') => host.waitForLog(results.calls[0]?.logId ?? '', status);

  const answers: readonly [string, () => unknown, number, 'SUCCESS' | 'FAIL'][] = [
    ['fields that no log shows', () => ({ token: 'hush-hush', password: 'hush' }), 200, 'SUCCESS'],
    ['a body that no log row holds', () => ({ rows: 'x'.repeat(40_000) }), 200, 'SUCCESS'],
    ['nothing', () => undefined, 204, 'SUCCESS'],
    ['what is wrong with the webhook', fails(new UnprocessableEntityException('no such sample')), 422, 'FAIL'],
    ['that its handler has failed', fails(new Error('the store is away')), 500, 'FAIL'],
  ];

  it.each(answers)('answers copies as it has answered the first one: %s', async (_what, work, status, end) => {
    results.work = work;
    const call = await caller(ONE_TRY);
    const first = await call();
    expect(first.status).toBe(status);
    const log = await endOf(end);
    expect(await Promise.all([call(), call()])).toEqual([first, first]);
    expect(JSON.stringify(log)).not.toContain('hush');
    expect(results.calls).toHaveLength(1);
  });

  it('answers copies of what FAILed 500 where nothing is kept of it any more', async () => {
    results.work = fails(new UnprocessableEntityException('no such sample'));
    const call = await caller(ONE_TRY);
    await call();
    const { _id } = await endOf('FAIL');
    await host.find(ReceivedRequestStore).forget([_id]);
    expect((await call()).status).toBe(500);
  });

  it('answers copies of what more tries have mended as the last of them', async () => {
    results.work = fails(new Error('the store is away'));
    const call = await caller();
    expect((await call()).status).toBe(500);
    results.work = () => ({ stored: 'S-1' });
    await endOf('SUCCESS');
    expect(await call()).toMatchObject({ status: 200, text: '{"stored":"S-1"}' });
  });

  it('answers copies 202 where the answer was larger than what is kept', async () => {
    results.work = () => ({ rows: 'x'.repeat(70_000) });
    const call = await caller();
    expect((await call()).status).toBe(200);
    await endOf('SUCCESS');
    expect((await call()).status).toBe(202);
  });

  it('answers 202 once its time is over, and the work goes on to its end', async () => {
    let end: (result: unknown) => void = () => undefined;
    const working = new Promise((resolve) => (end = resolve));
    results.work = () => working;
    const call = await caller({ answerWithinMs: 100 });
    const late = await call();
    expect(late.status).toBe(202);
    const { id } = JSON.parse(late.text);
    expect(await host.findLog(id)).toMatchObject({ status: 'QUEUED', attemptCount: 0 });
    end({ stored: 'S-2' });
    expect(await host.waitForLog(id, 'SUCCESS')).toMatchObject({ attemptCount: 1 });
    expect(await call()).toMatchObject({ status: 200, text: '{"stored":"S-2"}' });
    expect(results.calls).toHaveLength(1);
  });
});

describe('a question whether an address is ours', () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost({ imports: [WaybillModule.forFeature({ handlers: [Results] })] });
  });

  afterAll(() => host.close());

  it('of Slack is answered with its challenge where it is signed, and is no webhook', async () => {
    const secret = 'slack-signing-secret';
    const { path } = await createSource(host, { verification: { kind: 'slack', secrets: [secret] } });
    const body = JSON.stringify({ type: 'url_verification', challenge: '3eZbrw1aB' });
    const at = String(Math.floor(Date.now() / 1_000));
    const headersBy = (key: string) => ({
      'content-type': 'application/json',
      'x-slack-request-timestamp': at,
      'x-slack-signature': `v0=${createHmac('sha256', key).update(`v0:${at}:${body}`).digest('hex')}`,
    });
    const answer = await host.http.post(path).set(headersBy(secret)).send(body).expect(200);
    expect([answer.text, answer.headers['content-type']]).toEqual(['3eZbrw1aB', 'text/plain; charset=utf-8']);
    expect(await host.logs()).toEqual([]);
    await host.http.post(path).set(headersBy('another')).send(body).expect(401);
    const [refused] = await eventually(
      () => host.logs(),
      ({ length }) => length === 1,
    );
    expect(refused?.errorCode).toBe('WEBHOOK_REFUSED');
    expect(host.find(Results).calls).toEqual([]);
  });

  it('by a parameter to be echoed is answered with its value', async () => {
    const verification = {
      kind: 'api-key',
      in: 'header',
      name: 'x-key',
      secrets: ['a-key-of-acme'],
      echoParameter: 'ask',
    };
    const { path } = await createSource(host, { verification });
    const answer = await host.http.get(`${path}?ask=4711`).expect(200);
    expect([answer.text, answer.headers['x-content-type-options']]).toEqual(['4711', 'nosniff']);
    await host.http.get(`${path}?other=4711`).expect(401);
  });
});
