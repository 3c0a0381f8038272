import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { asLogId, newLogId } from '../../src/common/ids.js';
import { aRawRequest } from '../../src/inbound/verification/raw-request.builders.js';
import { InboundWebhook, WaybillModule } from '../../src/index.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { PAYLOADS } from '../../src/logging/payloads/payload.collection.js';
import { KeptAnswers } from '../../src/inbound/work/kept-answers.js';
import { RECEIVED_REQUESTS } from '../../src/logging/received/received-request.collection.js';
import { ReceivedRequestStore } from '../../src/logging/received/received-request.store.js';
import { ReceivedRotation } from '../../src/logging/received/received-rotation.js';
import { RetentionSweeper } from '../../src/logging/retention/retention-sweeper.js';
import { parseSecretKeys, SecretCipher } from '../../src/security/secrets/secret-cipher.js';
import { daysAfter } from '../../src/security/tenants/retention.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';

@Injectable()
class Results {
  @InboundWebhook('acme-lab', '*')
  onResult(): void {}
}

describe('the stored requests of webhooks', () => {
  let host: TestHost;
  let lab: ApiClient;

  beforeAll(async () => {
    host = await startServerHost({ imports: [WaybillModule.forFeature({ handlers: [Results] })] });
    lab = new ApiClient(host, await host.createKey());
  });

  afterAll(() => host.close());

  async function receive(body = JSON.stringify({ type: 'result.ready' }), mode = 'async') {
    const { path, source } = await createSource(host, {
      mode,
      maxBytes: 20_000_000,
      context: { patientId: '/patient/id' },
    });
    await host.http
      .post(path)
      .set(signed(body))
      .send(body)
      .expect(mode === 'sync' ? 204 : 202);
    const received = (await host.logs()).find(({ integrationId }) => integrationId === source._id);
    const log = await host.waitForLog(received?._id ?? '', 'SUCCESS');
    return { logId: log._id };
  }

  const stored = () => host.find(Database).collection(RECEIVED_REQUESTS);
  const store = () => host.find(ReceivedRequestStore);
  const partsOf = (logId: string) =>
    stored()
      .find({ logId: asLogId(logId) })
      .toArray();

  it('are encrypted anew by a rotation, large ones too, and read by the new key alone', async () => {
    const small = await receive(undefined, 'sync');
    const noise = Array.from({ length: 300_000 }, () => Math.random().toString(36)).join('');
    const body = JSON.stringify({ type: 'result.ready', noise });
    const large = await receive(body);
    const keys = parseSecretKeys(host.settings.secretKeys);
    const fresh = { id: 'fresh', key: Buffer.alloc(32, 9) };
    const rotate = () => new ReceivedRotation(host.find(Database), new SecretCipher([fresh, ...keys])).rotate();
    const before = await stored().countDocuments();
    expect(await rotate()).toEqual({ rotated: before, unreadable: 0 });
    expect(await stored().distinct('keyId')).toEqual(['fresh']);
    expect(await rotate()).toEqual({ rotated: 0, unreadable: 0 });
    const back = new ReceivedRotation(host.find(Database), new SecretCipher([...keys, fresh]));
    expect(await back.rotate()).toEqual({ rotated: before, unreadable: 0 });
    expect((await store().find(large.logId))?.body.toString()).toBe(body);
    expect(await store().find(small.logId)).not.toBeNull();
    expect(await host.find(KeptAnswers).find(small.logId)).toEqual({ status: 204, body: undefined });
  });

  it('are kept for the days that the tenant sets, also where it sets them afterwards, and go with their logs', async () => {
    const { logId } = await receive();
    const [part] = await partsOf(logId);
    if (!part) throw new Error('nothing is stored');
    expect(part.expiresAt).toEqual(daysAfter(part.receivedAt, 30));
    await lab.patch(`/v1/tenants/${LAB}`, { retention: { bodyDays: 90, rowDays: 90 } }).expect(200);
    const sweep = (days: number) =>
      host.find(RetentionSweeper).sweep(new AbortController().signal, daysAfter(new Date(), days));
    await sweep(1);
    expect((await partsOf(logId))[0]?.expiresAt).toEqual(daysAfter(part.receivedAt, 90));
    const old = daysAfter(new Date(), -91);
    const logs = host.find(Database).collection(INTEGRATION_LOGS);
    await logs.updateOne({ _id: logId }, { $set: { createdAt: old, updatedAt: old } });
    await sweep(2);
    expect(await host.findLog(logId)).toBeNull();
    expect(await partsOf(logId)).toEqual([]);
  });

  it('are whole where copies that came at the same time have each stored a part', async () => {
    const logId = newLogId();
    const body = randomBytes(12 * 1_048_576);
    const [one, other] = await Promise.all(
      ['first', 'a longer second'].map((name) =>
        store().seal(LAB, logId, aRawRequest({ body, headers: { 'x-copy': name } })),
      ),
    );
    await store().insert(one?.slice(0, 1) ?? []);
    await store().insert(other ?? []);
    const found = await store().get(logId);
    expect(found.headers).toEqual({ 'x-copy': 'first' });
    expect(found.body.equals(body)).toBe(true);
  });

  it('go with the person whom their logs were about', async () => {
    const resultOf = (id: string) => JSON.stringify({ type: 'result.ready', patient: { id } });
    const { logId } = await receive(resultOf('P-1042'), 'sync');
    expect(await partsOf(logId)).toHaveLength(2);
    const other = await receive(resultOf('P-7'));
    const found = await lab.get('/v1/logs?context[patientId]=P-1042').expect(200);
    expect(found.body.items.map(({ id }: { id: string }) => id)).toEqual([logId]);
    const request = { context: { patientId: 'P-1042' }, reason: 'asked for by letter' };
    const { body } = await lab.post('/v1/erasures', request).expect(202);
    await eventually(
      async () => (await lab.get(`/v1/erasures/${body.id}`).expect(200)).body.state,
      (state) => state === 'done',
    );
    expect(await partsOf(logId)).toEqual([]);
    expect(await partsOf(other.logId)).toHaveLength(1);
    const answer = await lab.post(`/v1/logs/${logId}/replay`, { reason: 'again' }).expect(409);
    expect(answer.body.detail).toContain('erased');
  });

  it('are not kept anew where the vendor sends again what was erased', async () => {
    const { path } = await createSource(host, { context: { patientId: '/patient/id' } });
    const body = JSON.stringify({ type: 'result.ready', patient: { id: 'P-9' }, note: 'x'.repeat(20_000) });
    const send = async () => (await host.http.post(path).set(signed(body, 'msg_erased')).send(body)).body.id;
    const logId = await send();
    await host.waitForLog(logId, 'SUCCESS');
    const request = { context: { patientId: 'P-9' }, reason: 'asked for by letter' };
    const { body: erasure } = await lab.post('/v1/erasures', request).expect(202);
    await eventually(
      async () => (await lab.get(`/v1/erasures/${erasure.id}`).expect(200)).body.state,
      (state) => state === 'done',
    );
    const bodies = () => host.find(Database).collection(PAYLOADS).countDocuments();
    const bodiesBefore = await bodies();
    expect(await send()).toBe(logId);
    expect(await partsOf(logId)).toEqual([]);
    expect(await bodies()).toBe(bodiesBefore);
  });
});
