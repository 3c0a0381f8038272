import { createHmac } from 'node:crypto';
import { SourceEditor } from '../../src/inbound/sources/source-editor.js';
import { SourceRotation } from '../../src/inbound/sources/source-rotation.js';
import { addressOf, pageAddressOf } from '../../src/inbound/sources/source-token.js';
import { SECRET, signed } from '../support/inbound-sources.js';
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
