import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { FairByteBudget } from '../../src/common/fair-byte-budget.js';
import { asLogId } from '../../src/common/ids.js';
import { HookRateExceededError } from '../../src/inbound/hooks/hook.errors.js';
import { SourceRate } from '../../src/inbound/hooks/source-rate.js';
import { SourceEditor } from '../../src/inbound/sources/source-editor.js';
import { SourceRotation } from '../../src/inbound/sources/source-rotation.js';
import { addressOf, pageAddressOf } from '../../src/inbound/sources/source-token.js';
import { SourceVerifier } from '../../src/inbound/verification/source-verifier.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { SECRET, signed } from '../support/inbound-sources.js';
import { aLog } from '../support/log-rows.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

const SOURCE = {
  name: 'Analyser <script>alert(1)</script>',
  vendor: 'acme-lab',
  verification: { kind: 'standard-webhooks', secrets: [SECRET] },
  eventType: '/type',
  schema: { type: 'object', properties: { type: { type: 'string' } }, required: ['type'] },
};

describe("the page for a vendor's developer", () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost();
  });

  afterAll(() => host.close());

  async function create(partial: Readonly<Record<string, unknown>> = {}) {
    const { source, token, pageToken } = await host.find(SourceEditor).create(LAB, { ...SOURCE, ...partial }, 'test');
    return { source, hook: addressOf(token), page: pageAddressOf(pageToken) };
  }

  it('shows the address, how a request is verified with commands that pass, and no secret', async () => {
    const { hook, page } = await create();
    const { text, headers } = await host.http
      .get(page)
      .expect(200)
      .expect('content-type', /text\/html/);
    expect(text).toContain(`${hook}</code>`);
    expect(text).toContain(`${page}/check</code>`);
    expect(text).toMatch(/openssl .*\n/);
    expect(text).toContain('Analyser &lt;script&gt;');
    expect(text).not.toContain('<script>');
    expect(text).not.toContain(SECRET.slice('whsec_'.length));
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  });

  it('says of the last requests what was wrong with them', async () => {
    const { hook, page } = await create();
    const body = JSON.stringify({ type: 'result.ready' });
    await host.http.post(hook).set(signed(body)).send(body).expect(202);
    await host.http
      .post(hook)
      .set(signed(body, 'msg_old', new Date(Date.now() - 540_000)))
      .send(body)
      .expect(401);
    const { text } = await host.http.get(page).expect(200);
    expect(text).toMatch(/class="accepted">accepted<\/td>\s*<td>taken/);
    expect(text).toMatch(
      new RegExp(`<td>${body.length}</td>\\s*<td class="refused">refused</td>\\s*<td>[^<]*9 minutes`),
    );
  });

  it('shows what came, however many of it staff have had worked on again since', async () => {
    const { source, hook, page } = await create();
    const body = JSON.stringify({ type: 'result.ready' });
    const { body: taken } = await host.http.post(hook).set(signed(body)).send(body).expect(202);
    const replay = () => aLog({ integrationId: source._id, parentLogId: taken.id, status: 'SUCCESS' });
    await host.find(IntegrationLogStore).insertQueued(Array.from({ length: 50 }, replay));
    expect(await shownOn(page)).toMatchObject([[`${body.length}`, 'accepted', expect.any(String)]]);
  });

  const shownOn = async (page: string) =>
    [
      ...(await host.http.get(page).expect(200)).text.matchAll(
        /<td>([^<]*)<\/td>\s*<td class="(\w+)">\w+<\/td>\s*<td>([^<]*)<\/td>/g,
      ),
    ].map(([, bytes, verdict, says]) => [bytes, verdict, says]);

  const logsOf = async ({ _id }: { readonly _id: string }) =>
    (await host.logs()).filter(({ integrationId }) => integrationId === _id);

  const TEXT = { 'content-type': 'text/plain' };

  it('says of those that were too large how large they were, and nothing of their bodies is kept', async () => {
    const { source, hook, page } = await create({ keepsRefusedBodies: true });
    await host.http.post(hook).set(TEXT).send('hush-hush'.repeat(400_000)).expect(413);
    const { hostname, port } = new URL(host.url);
    const socket = connect(Number(port), hostname);
    const chunk = `80000\r\n${'hush-hush'.padEnd(0x80000, 'x')}\r\n`;
    socket.write(`POST ${hook} HTTP/1.1\r\nhost: any\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(3)}`);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /);
    expect(
      await eventually(
        () => shownOn(page),
        ({ length }) => length === 2,
      ),
    ).toEqual([
      ['not read', 'refused', 'the body has more than the 1,048,576 bytes that are taken'],
      ['not read', 'refused', 'the body has 3,600,000 bytes, at most 1,048,576 are taken'],
    ]);
    const logs = await logsOf(source);
    expect(JSON.stringify(logs)).not.toContain('hush');
    expect(logs[0]).toMatchObject({
      status: 'FAIL',
      errorClass: 'rejected',
      errorCode: 'REQUEST_TOO_LARGE',
    });
    expect(await host.findLog(logs[0]?._id ?? asLogId(''))).toMatchObject({
      firstAttempt: { request: { body: null, clientIp: expect.any(String) }, response: { status: 413 } },
    });
  });

  it('says of those beyond the rate what it is, of at most 60 in a minute', async () => {
    const { source, hook, page } = await create({ rate: { calls: 10, per: 'minute', burst: 1 } });
    const body = JSON.stringify({ type: 'result.ready' });
    await host.http.post(hook).set(signed(body)).send(body).expect(202);
    for (let call = 0; call < 65; call += 1) await host.http.post(hook).set(signed(body)).send(body).expect(429);
    expect((await shownOn(page)).slice(0, 1)).toEqual([['not read', 'refused', 'more than 10 calls a minute']]);
    const refused = (await logsOf(source)).filter(({ errorCode }) => errorCode === 'HOOK_RATE_EXCEEDED');
    expect(refused).toHaveLength(60);
    expect(refused[0]).toMatchObject({ status: 'FAIL', errorClass: 'throttled' });
    const often = await create({ rate: { calls: 1200, per: 'minute', burst: 2 } });
    const exceeded = new HookRateExceededError({ calls: 1200, per: 'minute', burst: 2 }, 50);
    jest.spyOn(host.find(SourceRate), 'take').mockRejectedValueOnce(exceeded);
    await host.http.post(often.hook).set(signed(body)).send(body).expect(429);
    expect(await shownOn(often.page)).toEqual([
      ['not read', 'refused', 'more than 1,200 calls a minute (2 may come at once)'],
    ]);
  });

  it('says of those for which there was no room that it was so, and nobody works on them', async () => {
    const { source, hook, page } = await create();
    const body = JSON.stringify({ type: 'result.ready' });
    const full = { tryGrow: () => false, release: () => undefined };
    const room = jest.spyOn(FairByteBudget.prototype, 'open').mockReturnValueOnce(full);
    await host.http.post(hook).set(signed(body)).send(body).expect(503).expect('retry-after', '5');
    room.mockRestore();
    expect(await shownOn(page)).toEqual([['not read', 'refused', 'there was no room for its body at that time']]);
    const [log] = await logsOf(source);
    expect(log).toMatchObject({ errorClass: 'transient', errorCode: 'HOOK_BUSY' });
    const lab = new ApiClient(host, await host.createKey());
    for (const act of ['retry', 'replay']) {
      const answer = await lab.post(`/v1/logs/${log?._id}/${act}`, { reason: 'x' }).expect(409);
      expect(answer.body.detail).toContain('it was not taken');
    }
    const batch = await lab.post('/v1/retry-batches/preview', { logIds: [log?._id] }).expect(200);
    expect(batch.body.count).toBe(0);
  });

  it('says of those that could not be verified then why', async () => {
    const { source, hook, page } = await create();
    const verdict = { ok: false as const, unavailable: true as const, reason: 'the key set cannot be read' };
    const judging = jest.spyOn(host.find(SourceVerifier), 'judge').mockResolvedValueOnce(verdict);
    await host.http.post(hook).send({ type: 'x' }).expect(503);
    judging.mockRestore();
    expect(await shownOn(page)).toMatchObject([['12', 'refused', 'the key set cannot be read']]);
    expect(await logsOf(source)).toMatchObject([{ errorCode: 'VERIFICATION_UNAVAILABLE', errorClass: 'transient' }]);
  });

  it('tries a request out without keeping anything of it', async () => {
    const { source, page } = await create();
    const check = (body: string, headers = signed(body)) => host.http.post(`${page}/check`).set(headers).send(body);
    const good = JSON.stringify({ type: 'result.ready', sampleId: 'S-1' });
    expect((await check(good, signed(good, 'msg_try')).expect(200)).body).toEqual({
      verified: true,
      reason: null,
      type: 'result.ready',
      eventId: 'msg_try',
      schemaFault: null,
      bytes: good.length,
    });
    const changed = await check(`${good} `, signed(good)).expect(200);
    expect(changed.body).toMatchObject({
      verified: false,
      reason: expect.stringContaining(`${good.length + 1} bytes`),
    });
    await host.http.post(`${page}/check`).set(TEXT).send('x'.repeat(1_100_000)).expect(413);
    const lacking = await check('{}').expect(200);
    expect(lacking.body).toMatchObject({
      verified: true,
      schemaFault: expect.stringContaining("required property 'type'"),
    });
    expect((await host.logs()).filter(({ integrationId }) => integrationId === source._id)).toEqual([]);
  });

  it('tries out requests whose signature is over the address', async () => {
    const token = 'twilio-token-of-the-account';
    const { page } = await create({
      verification: { kind: 'twilio', secrets: [token] },
      schema: null,
      eventType: null,
    });
    const { text } = await host.http.get(page).expect(200);
    const [, address = ''] = /<code>(http[^<]*)<\/code>/.exec(text) ?? [];
    const signature = createHmac('sha1', token).update(`${address}Bodyhello`).digest('base64');
    const check = await host.http
      .post(`${page}/check`)
      .set({ 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature })
      .send('Body=hello')
      .expect(200);
    expect(check.body).toMatchObject({ verified: true, reason: null });
  });

  it('is nobody else’s, and closed once its token was replaced', async () => {
    const { source, page, hook } = await create();
    await host.http.get(page.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))).expect(404);
    await host.http.get(hook.replace('/hooks/', '/source-pages/')).expect(404);
    const { token } = await host.find(SourceRotation).rotatePage(LAB, source._id, 'test');
    const refused = await host.http.get(page).expect(404);
    expect(refused.body.instance).toBe('/source-pages/***');
    await host.http.get(`/source-pages/${token}`).expect(200);
  });
});
