import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import { IsString } from 'class-validator';
import { asLogId } from '../../src/common/ids.js';
import { InboundWebhook, IntegrationLogger, type ReceivedWebhook, WaybillModule } from '../../src/index.js';
import { ReceivedRequestStore } from '../../src/logging/received/received-request.store.js';
import { RepeatedWebhooks } from '../../src/logging/received/repeated-webhooks.js';
import { SourcePauses } from '../../src/inbound/sources/source-pauses.js';
import { WebhookIntake } from '../../src/inbound/hooks/webhook-intake.js';
import { LogFallback } from '../../src/logging/log-fallback.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { aLog } from '../support/log-rows.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';
import { eventually } from '../support/eventually.js';

class ResultReady {
  @IsString()
  type!: string;

  @IsString()
  sampleId!: string;
}

@Injectable()
class Results {
  readonly calls: { body: ResultReady; webhook: ReceivedWebhook }[] = [];
  failing = 0;

  @InboundWebhook('acme-lab', 'result.ready')
  @IntegrationLogger()
  async onResult(body: ResultReady, webhook: ReceivedWebhook) {
    this.calls.push({ body, webhook });
    if (this.failing-- > 0) throw new Error('the store is away');
    return { stored: body.sampleId };
  }

  @InboundWebhook('acme-lab', 'result.refused')
  onRefused() {
    throw new UnprocessableEntityException('no such sample');
  }
}

const MIB = 1_048_576;
const result = (sampleId: string) => JSON.stringify({ type: 'result.ready', sampleId });

describe('webhooks', () => {
  let host: TestHost;
  let results: Results;

  beforeAll(async () => {
    host = await startTestHost({
      settings: { limits: { webhookBytes: 32 * MIB } },
      imports: [WaybillModule.forFeature({ handlers: [Results] })],
    });
    results = host.find(Results);
  });

  beforeEach(() => {
    results.calls.length = 0;
    results.failing = 0;
  });

  afterAll(() => host.close());

  const post = (path: string, body: string, headers = signed(body)) => host.http.post(path).set(headers).send(body);

  it('are acknowledged once they are stored, and worked on by the method for their type', async () => {
    const { path, source } = await createSource(host);
    const body = result('S-1');
    const answer = await post(path, body, signed(body, 'msg_1')).expect(202);
    const log = await host.waitForLog(answer.body.id, 'SUCCESS');
    expect(log).toMatchObject({
      tenantId: LAB,
      direction: 'inbound',
      vendor: 'acme-lab',
      integrationId: source._id,
      context: { webhookType: 'result.ready', webhookId: 'msg_1' },
      attemptCount: 1,
      firstAttempt: { outcome: 'success', request: { method: 'POST', url: expect.stringContaining('/hooks/***') } },
    });
    expect(log.firstAttempt?.request?.headers['webhook-signature']).toBe('***');
    expect(log.firstAttempt?.request?.body?.text).toBe(body);
    expect(results.calls).toMatchObject([
      {
        body: { sampleId: 'S-1' },
        webhook: { eventId: 'msg_1', idempotencyKey: log._id, attempt: 1, vendor: 'acme-lab' },
      },
    ]);
    expect(results.calls[0]?.body).toBeInstanceOf(ResultReady);
    const child = (await host.logs()).find(({ parentLogId }) => parentLogId === log._id);
    expect(child).toMatchObject({ integrationName: 'Results.onResult', correlationId: log.correlationId });
  });

  it('are processed once, however many copies come at the same time', async () => {
    const { path } = await createSource(host);
    const body = result('S-2');
    const headers = signed(body, 'msg_copies');
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(path, body, headers)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const ids = new Set(answers.map((answer) => answer.body.id));
    expect(ids.size).toBe(1);
    const log = await host.waitForLog([...ids][0], 'SUCCESS');
    expect(results.calls).toHaveLength(1);
    await eventually(
      () => host.findLog(log._id),
      (counted) => counted?.repeats?.count === 99,
    );
  });

  it('are another event once their window has passed', async () => {
    const { path } = await createSource(host, { dedupeWindowMs: 1 });
    const body = result('S-3');
    const ids = new Set<string>();
    const reads = jest.spyOn(host.find(RepeatedWebhooks), 'newestOf');
    for (let time = 0; time < 6; time += 1) ids.add((await post(path, body, signed(body, 'msg_again'))).body.id);
    expect(ids.size).toBe(6);
    // However many there have been, one look at the newest of them is enough.
    expect(reads).toHaveBeenCalledTimes(5);
    reads.mockRestore();
    for (const id of ids) await host.waitForLog(id, 'SUCCESS');
  });

  it('come again where their handler fails, with the same idempotency key', async () => {
    const { path } = await createSource(host);
    results.failing = 2;
    const { body } = await post(path, result('S-4'));
    const log = await host.waitForLog(body.id, 'SUCCESS');
    expect(log.attemptCount).toBe(3);
    expect(results.calls.map(({ webhook }) => [webhook.attempt, webhook.idempotencyKey])).toEqual([
      [1, log._id],
      [2, log._id],
      [3, log._id],
    ]);
  });

  it('FAIL where their body is not what the handler takes, naming the field', async () => {
    const { path } = await createSource(host);
    const { body } = await post(path, JSON.stringify({ type: 'result.ready', sampleId: 7 }));
    const log = await host.waitForLog(body.id, 'FAIL');
    expect(log).toMatchObject({ errorClass: 'rejected', errorCode: 'WEBHOOK_INVALID', attemptCount: 1 });
    expect(log.errorMessage).toContain('sampleId must be a string (received: number)');
  });

  it.each([
    ['a body that was changed', (body: string) => [`${body} `, signed(body)] as const],
    [
      'a signature of long ago',
      (body: string) => [body, signed(body, 'msg_old', new Date(Date.now() - 600_000))] as const,
    ],
    ['no signature', (body: string) => [body, { 'content-type': 'application/json' }] as const],
  ])('are refused with %s: the caller is not told why, the log says it', async (_what, requestOf) => {
    const { path, source } = await createSource(host);
    const [body, headers] = requestOf(result('S-5'));
    const answer = await post(path, body, { ...headers }).expect(401);
    expect(answer.body).toMatchObject({ code: 'WEBHOOK_REFUSED', detail: 'The request could not be verified' });
    const log = await eventually(
      async () => (await host.logs()).find(({ integrationId }) => integrationId === source._id),
      (found) => found !== undefined,
    );
    expect(log).toMatchObject({ status: 'FAIL', errorClass: 'auth', errorCode: 'WEBHOOK_REFUSED' });
    const found = await host.findLog(log?._id ?? asLogId(''));
    expect(found?.firstAttempt?.request?.body).toMatchObject({ text: '', sizeBytes: Buffer.byteLength(body) });
    expect(results.calls).toHaveLength(0);
  });

  it('are answered by their handler where the source is sync, copies with the same answer', async () => {
    const { path } = await createSource(host, { mode: 'sync' });
    const body = result('S-6');
    const headers = signed(body, 'msg_sync');
    const answers = await Promise.all([post(path, body, headers), post(path, body, headers)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map((answer) => answer.body)).toEqual([{ stored: 'S-6' }, { stored: 'S-6' }]);
    expect(results.calls).toHaveLength(1);
    const invalid = await post(path, JSON.stringify({ type: 'result.ready' })).expect(422);
    expect(invalid.body).toMatchObject({
      code: 'WEBHOOK_INVALID',
      faults: [{ field: 'sampleId', received: 'missing' }],
    });
    await post(path, JSON.stringify({ type: 'result.refused' })).expect(422);
  });

  it('are answered with the fields where a sync source has a schema that they do not meet', async () => {
    const schema = { type: 'object', properties: { sampleId: { type: 'string' } }, required: ['sampleId'] };
    const { path } = await createSource(host, { mode: 'sync', schema });
    const { body } = await post(path, JSON.stringify({ type: 'result.ready', sampleId: 7 })).expect(422);
    expect(body).toEqual({
      code: 'BODY_SCHEMA_FAILED',
      detail: 'The webhook does not meet the schema of its source',
      faults: [{ field: '/sampleId', expected: 'must be string (type)' }],
    });
    const text = await post(path, 'hello', { ...signed('hello'), 'content-type': 'text/plain' }).expect(422);
    expect(text.body.faults).toEqual([{ field: 'body', expected: 'must be JSON or a form' }]);
    expect(results.calls).toHaveLength(0);
  });

  it('wait where a sync source is paused, too', async () => {
    const { path, source } = await createSource(host, { mode: 'sync' });
    const pauses = host.find(SourcePauses);
    await pauses.pause(LAB, source._id, { by: 'test', reason: 'Their test' });
    const body = result('S-6');
    const headers = signed(body, 'msg_paused');
    const first = await post(path, body, headers).expect(202);
    expect((await post(path, body, headers).expect(202)).body).toEqual(first.body);
    expect(await host.findLog(first.body.id)).toMatchObject({ status: 'QUEUED', attemptCount: 0 });
    expect(results.calls).toHaveLength(0);
    await pauses.resume(LAB, source._id, 'test');
    await host.waitForLog(first.body.id, 'SUCCESS');
  });

  it('emit an action by a mapping, once', async () => {
    const handling = {
      kind: 'emit',
      actionId: PatientRegistered.id,
      mapping: '{ "patientId": body.patient }',
    } as const;
    const { path } = await createSource(host, { handling });
    const { body } = await post(path, JSON.stringify({ type: 'patient.new', patient: 'P-1' }));
    const log = await host.waitForLog(body.id, 'SUCCESS');
    const { events } = JSON.parse(log.firstAttempt?.response?.body?.text ?? '{}');
    expect(events).toHaveLength(1);
  });

  it('that MongoDB refuses are not acknowledged, and take no other with them', async () => {
    const rows = ['a', 'b', 'c'].map((letter) =>
      aLog({ integrationId: null, direction: 'inbound', vendor: letter === 'b' ? 'x'.repeat(17 * MIB) : letter }),
    );
    const taken = await Promise.allSettled(rows.map((log) => host.find(WebhookIntake).take({ kind: 'opened', log })));
    expect(taken).toMatchObject([
      { value: 'new' },
      { reason: expect.objectContaining({ code: 'WEBHOOK_NOT_RECORDED' }) },
      { value: 'new' },
    ]);
    expect(host.find(LogFallback).isOpen()).toBe(true);
  });

  describe('whose bodies are slow', () => {
    const sockets: Socket[] = [];

    afterEach(() => {
      for (const socket of sockets.splice(0)) socket.destroy();
    });

    /** Begins a body, and goes no further than so many bytes. */
    function begin(path: string, bodyBytes: number, sentBytes: number): Socket {
      const { hostname, port } = new URL(host.url);
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(`POST ${path} HTTP/1.1\r\nhost: any\r\ncontent-length: ${bodyBytes}\r\n\r\n`);
      socket.write(Buffer.alloc(sentBytes, ' '), () => socket.emit('sent'));
      sockets.push(socket);
      return socket;
    }

    it('take no more room than has come of them, however many there are', async () => {
      const { path } = await createSource(host);
      const opened = Array.from({ length: 100 }, () => begin(path, MIB, 1));
      await Promise.all(opened.map((socket) => once(socket, 'connect')));
      const answers = [];
      for (let call = 0; call < 20; call += 1) answers.push((await post(path, result(`S-slow-${call}`))).status);
      expect(answers).toEqual(answers.map(() => 202));
    });

    it('leave half of the room to other sources: 503 is for more of their own', async () => {
      const { path } = await createSource(host, { maxBytes: 20 * MIB });
      const other = await createSource(host, { tenantId: await host.createTenant('lab-beside') });
      const first = begin(path, 20 * MIB, 17 * MIB);
      // More than the system holds for it: the host has begun to read.
      await once(first, 'sent');
      const body = result('S-12');
      const send = () => post(path, body);
      const full = await eventually(send, ({ status }) => status === 503);
      expect(full.body.code).toBe('HOOK_BUSY');
      expect(full.headers['retry-after']).toBe('5');
      const large = JSON.stringify({ type: 'result.ready', sampleId: 'x'.repeat(900_000) });
      await post(other.path, large).expect(202);
      await send().expect(503);
      first.destroy();
      await eventually(send, ({ status }) => status === 202);
    });

    it('come to their end where one of them is larger than that half', async () => {
      const { path } = await createSource(host, { maxBytes: 25 * MIB });
      const large = JSON.stringify({ type: 'result.ready', sampleId: 'x'.repeat(24 * MIB) });
      expect((await post(path, large)).status).toBe(202);
    });
  });

  it('are kept whole and encrypted, and shown redacted', async () => {
    const { path } = await createSource(host);
    const sent = JSON.stringify({ type: 'result.ready', sampleId: 'S-7', password: 'hush-hush' });
    const { body } = await post(path, sent);
    const log = await host.waitForLog(body.id, 'FAIL');
    expect(JSON.stringify(log)).not.toContain('hush-hush');
    expect((await host.find(ReceivedRequestStore).find(log._id))?.body.toString()).toBe(sent);
  });

  it('leave no trace of the secret in their address, however that is written', async () => {
    const { path, source } = await createSource(host);
    const [, , token = ''] = path.split('/');
    const encoded = token.replace(/./g, (char) => `%${char.charCodeAt(0).toString(16)}`);
    const routed = [`/HOOKS/${token}`, `/Hooks/${token}/`, `/hooks/${encoded}`, `${path}?at=${token}`];
    for (const address of routed) {
      const { body } = await post(address, result('S-13'), {}).expect(401);
      expect(JSON.stringify(body)).not.toContain(token);
      expect(JSON.stringify(body)).not.toContain(encoded);
    }
    const failed = (await host.logs()).filter(({ integrationId }) => integrationId === source._id);
    expect(failed).toHaveLength(routed.length);
    for (const { _id } of failed) {
      const row = JSON.stringify(await host.findLog(_id));
      expect(row).toMatch(/\/hooks\/\*\*\*/i);
      expect(row).not.toContain(token);
      expect(row).not.toContain(encoded);
    }
  });

  it('are not taken at an address that nobody has, from elsewhere, too large, or where the source is off', async () => {
    await post('/hooks/nobody', '{}').expect(404);
    const elsewhere = await createSource(host, { allowCidrs: ['192.0.2.0/24'] });
    const stranger = await post(elsewhere.path, '{}').expect(401);
    expect(JSON.stringify(stranger.body)).not.toContain('address that');
    const [logged] = (await host.logs()).filter(({ integrationId }) => integrationId === elsewhere.source._id);
    expect(logged).toMatchObject({
      status: 'FAIL',
      errorCode: 'WEBHOOK_REFUSED',
      errorMessage: expect.stringMatching(/^it came from .*127\.0\.0\.1, which is none of the addresses/),
    });
    const small = await createSource(host, { maxBytes: 10 });
    await post(small.path, result('S-8')).expect(413);
    const off = await createSource(host, { enabled: false });
    const closed = await post(off.path, result('S-9')).expect(503).expect('retry-after', '300');
    expect(closed.body.instance).toBe('/hooks/***');
  });

  it('are taken as often as the source says, by all processes together', async () => {
    const { mongodb, redis } = host.settings;
    const other = await startTestHost({ role: 'api', settings: { mongodb, redis } });
    try {
      const { path } = await createSource(host, { rate: { calls: 1, per: 'minute', burst: 3 } });
      const answers = [];
      for (const one of [host, other, host, other, host]) {
        const body = result(`S-${answers.length}`);
        answers.push((await one.http.post(path).set(signed(body)).send(body)).status);
      }
      expect(answers).toEqual([202, 202, 202, 429, 429]);
    } finally {
      await other.close({ keepData: true });
    }
  });

  const RATES = [
    [{ calls: 1, per: 'minute', burst: 1 }, 60],
    [{ calls: 2, per: 'minute', burst: 3 }, 30],
    [{ calls: 100, per: 'second', burst: 1 }, 1],
  ] as const;

  it.each(RATES)('are told when to come again where they exceed %j', async (rate, seconds) => {
    const { path } = await createSource(host, { rate });
    const send = () => post(path, result('S-13'));
    const startedMs = performance.now();
    const refused = await eventually(
      async () => (await Promise.all([send(), send(), send(), send()])).find(({ status }) => status === 429),
      (found) => found !== undefined,
    );
    const passedSeconds = Math.ceil((performance.now() - startedMs) / 1_000);
    const told = Number(refused?.headers['retry-after']);
    expect(told).toBeLessThanOrEqual(seconds);
    expect(told).toBeGreaterThanOrEqual(Math.max(1, seconds - passedSeconds));
  });
});
