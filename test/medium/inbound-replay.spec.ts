import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import { InboundWebhook, type ReceivedWebhook, WaybillModule } from '../../src/index.js';
import { ReceivedRequestStore } from '../../src/logging/received/received-request.store.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

@Injectable()
class Results {
  readonly calls: { body: { sampleId: string }; webhook: ReceivedWebhook }[] = [];
  broken = false;

  @InboundWebhook('acme-lab', '*')
  onResult(body: { sampleId: string }, webhook: ReceivedWebhook): void {
    if (this.broken) throw new UnprocessableEntityException('no such sample');
    this.calls.push({ body, webhook });
  }
}

describe('a person and a webhook', () => {
  let host: TestHost;
  let results: Results;
  let lab: ApiClient;

  beforeAll(async () => {
    host = await startTestHost({ imports: [WaybillModule.forFeature({ handlers: [Results] })] });
    results = host.find(Results);
    lab = new ApiClient(host, await host.createKey());
  });

  beforeEach(() => {
    results.calls.length = 0;
    results.broken = false;
  });

  afterAll(() => host.close());

  async function receive(sampleId: string, partial: Parameters<typeof createSource>[1] = {}) {
    const { path, source } = await createSource(host, partial);
    const body = JSON.stringify({ type: 'result.ready', sampleId });
    const answer = await host.http.post(path).set(signed(body)).send(body).expect(202);
    return { source, path, logId: String(answer.body.id) };
  }

  async function receiveFailing(sampleId: string) {
    results.broken = true;
    const received = await receive(sampleId);
    await host.waitForLog(received.logId, 'FAIL');
    results.broken = false;
    return received;
  }

  const reason = { reason: 'the handler was fixed' };

  it('retries one that FAILed: it is worked on again from what was stored of it', async () => {
    const { logId } = await receiveFailing('S-1');
    await lab.post(`/v1/logs/${logId}/retry`, { ...reason, asSent: true }).expect(409);
    await lab.post(`/v1/logs/${logId}/retry`, reason).expect(202);
    const log = await host.waitForLog(logId, 'SUCCESS');
    expect(log).toMatchObject({ attemptCount: 2, resolution: { kind: 'retried', note: reason.reason } });
    expect(results.calls).toMatchObject([
      { body: { sampleId: 'S-1' }, webhook: { attempt: 2, idempotencyKey: logId } },
    ]);
    const again = await lab.post(`/v1/logs/${logId}/retry`, reason).expect(409);
    expect(again.body.detail).toContain('/replay');
  });

  it('cannot retry one that was refused, nor one whose request is kept no longer, and is told why', async () => {
    const { source, path } = await receive('S-2');
    await host.http.post(path).send('{}').expect(401);
    const refused = await eventually(
      async () => (await host.logs()).find((log) => log.integrationId === source._id && log.status === 'FAIL'),
      (found) => found !== undefined,
    );
    for (const act of ['retry', 'replay', 'preview']) {
      const answer = await lab.post(`/v1/logs/${refused?._id}/${act}`, act === 'preview' ? {} : reason).expect(409);
      expect(answer.body.detail).toContain('could not be verified');
    }
    const { logId } = await receiveFailing('S-3');
    const log = await host.waitForLog(logId, 'FAIL');
    await host.find(ReceivedRequestStore).forget([log._id]);
    for (const act of ['retry', 'replay']) {
      const answer = await lab.post(`/v1/logs/${logId}/${act}`, reason).expect(409);
      expect(answer.body.code).toBe('REQUEST_EXPIRED');
    }
  });

  it('retries many at once: those that FAILed, and no refused one', async () => {
    const failed = [await receiveFailing('B-1'), await receiveFailing('B-2'), await receiveFailing('B-3')];
    await host.http
      .post(failed[0]?.path ?? '')
      .send('{}')
      .expect(401);
    const sources = new Set(failed.map(({ source }) => source._id));
    const all = await eventually(
      async () => (await host.logs()).filter(({ integrationId }) => integrationId && sources.has(integrationId)),
      ({ length }) => length === 4,
    );
    const logIds = all.map(({ _id }) => _id);
    const preview = await lab.post('/v1/retry-batches/preview', { logIds }).expect(200);
    expect(preview.body).toMatchObject({ count: 3, warnings: [expect.stringContaining('1 of the logs cannot')] });
    const { confirm } = preview.body;
    await lab.post('/v1/retry-batches', { logIds, confirm, reason: reason.reason }).expect(202);
    for (const { logId } of failed) await host.waitForLog(logId, 'SUCCESS');
    expect(results.calls).toHaveLength(3);
  });

  it('replays one that SUCCEEDED, as a log of its own with another idempotency key', async () => {
    const { logId } = await receive('S-4');
    const first = await host.waitForLog(logId, 'SUCCESS');
    const { body } = await lab.post(`/v1/logs/${logId}/replay`, reason).expect(202);
    expect(body).toMatchObject({ parentLogId: logId, status: 'QUEUED', correlationId: first.correlationId });
    const replayed = await host.waitForLog(body.id, 'SUCCESS');
    expect(replayed).toMatchObject({
      context: first.context,
      firstAttempt: { trigger: 'manual', reason: reason.reason, requestedBy: expect.any(String) },
    });
    expect(results.calls.map(({ webhook }) => webhook.idempotencyKey)).toEqual([logId, body.id]);
    expect(results.calls[1]?.body).toEqual({ type: 'result.ready', sampleId: 'S-4' });
    const second = await lab.post(`/v1/logs/${body.id}/replay`, reason).expect(202);
    expect(second.body.parentLogId).toBe(logId);
    const entries = await lab.get('/v1/audit?limit=100').expect(200);
    expect(JSON.stringify(entries.body)).toContain('log.replay');
    await lab.post(`/v1/logs/${logId}/replay`, { reason: ' ' }).expect(400);
  });

  it('previews what a mapping would emit now, and nothing is done', async () => {
    const mapping = '{ "patientId": body.sampleId }';
    const { logId } = await receive('P-1', { handling: { kind: 'emit', actionId: PatientRegistered.id, mapping } });
    await host.waitForLog(logId, 'SUCCESS');
    const before = (await host.logs()).length;
    const { body } = await lab.post(`/v1/logs/${logId}/preview`, {}).expect(200);
    expect(body).toMatchObject({
      logId,
      next: { request: null, refusal: null },
      webhook: { handling: 'emit', type: 'result.ready', contexts: [{ patientId: 'P-1' }] },
      warnings: [{ code: 'not_failed' }],
    });
    expect(await host.logs()).toHaveLength(before);
    const byHandler = await receiveFailing('S-5');
    const other = await lab.post(`/v1/logs/${byHandler.logId}/preview`, {}).expect(200);
    expect(other.body.webhook).toMatchObject({ handling: 'handler', contexts: null });
    expect(other.body.webhook.does).toContain('acme-lab');
    expect(results.calls).toHaveLength(0);
  });

  it('of another tenant finds nothing', async () => {
    const { logId } = await receive('S-6');
    await host.waitForLog(logId, 'SUCCESS');
    const other = new ApiClient(host, await host.createKey(await host.createTenant('lab-elsewhere')));
    const answer = await other.post(`/v1/logs/${logId}/replay`, reason);
    expect(answer.status).toBe(404);
  });
});
