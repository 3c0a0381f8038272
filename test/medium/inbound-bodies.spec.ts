import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { Body, Controller, type DynamicModule, Module, Post } from '@nestjs/common';
import { setUpBodyParsers } from '../../src/index.js';
import { ReceivedRequestStore } from '../../src/logging/received/received-request.store.js';
import { SourceEditor } from '../../src/inbound/sources/source-editor.js';
import { addressOf, pageAddressOf } from '../../src/inbound/sources/source-token.js';
import { SECRET, signed } from '../support/inbound-sources.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

@Controller('desk')
class DeskController {
  @Post()
  take(@Body() body: unknown): unknown {
    return { body };
  }
}

@Module({ controllers: [DeskController] })
class DeskModule {}

const DESK: DynamicModule = { module: DeskModule };
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const LARGE_JSON = JSON.stringify({ type: 'result.ready', image: 'x'.repeat(200_000) });
const MANY_FIELDS = Array.from({ length: 1_500 }, (_, number) => `field${number}=${number}`).join('&');

/** What Nest's own parsers refuse, each for another reason. */
const REFUSED_BY_NEST = [
  ['JSON of more than 100 kB', JSON_TYPE, LARGE_JSON, 413],
  ['lines of JSON that are said to be JSON', JSON_TYPE, '{"type":"result.ready"}\n{"type":"result.ready"}\n', 400],
  ['JSON in Latin-1', 'application/json; charset=iso-8859-1', '{"type":"result.ready"}', 415],
  ['a form of more than 1,000 fields', FORM_TYPE, MANY_FIELDS, 413],
] as const;

/** What any parser takes. */
const HARMLESS = [
  ['JSON', JSON_TYPE, '{ "type" : "result.ready",\n "value": 5.40 }'],
  ['a form', FORM_TYPE, 'type=result.ready&value=5,4%20'],
  ['text', 'text/csv; charset=utf-8', 'type,sampleId\nresult.ready,S-1\n'],
] as const;

const SOURCE = {
  name: 'Analyser',
  vendor: 'acme-lab',
  verification: { kind: 'standard-webhooks', secrets: [SECRET] },
};

async function aSource(host: TestHost, partial: Readonly<Record<string, unknown>> = {}) {
  const { source, token, pageToken } = await host.find(SourceEditor).create(LAB, { ...SOURCE, ...partial }, 'test');
  return { source, hook: addressOf(token), page: pageAddressOf(pageToken) };
}

const post = (host: TestHost, path: string, contentType: string, body: string) =>
  host.http
    .post(path)
    .set({ ...signed(body), 'content-type': contentType })
    .send(body);

/** What is kept of a body that is taken. */
async function takenFrom(host: TestHost, path: string, contentType: string, body: string) {
  const answer = await post(host, path, contentType, body).expect(202);
  return (await host.find(ReceivedRequestStore).find(answer.body.id))?.body.toString();
}

const logsOf = async (host: TestHost, { _id }: { readonly _id: string }) =>
  (await host.logs()).filter(({ integrationId }) => integrationId === _id);

const ENCODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
const ENCODINGS = ['gzip', 'deflate', 'br'] as const;

/** What is answered to a body that is encoded, logged of it and shown on the page; `prefix`: of the host's routes. */
async function shownOfEncoded(host: TestHost, encoding: keyof typeof ENCODERS, prefix = '') {
  const { source, hook, page } = await aSource(host);
  const [[, contentType, body]] = HARMLESS;
  const send = (path: string, name: string, bytes: Buffer) =>
    host.http
      .post(`${prefix}${path}`)
      .set({ ...signed(body), 'content-type': contentType, 'content-encoding': name })
      .serialize((same: string) => same)
      .send(bytes);
  const bytes = ENCODERS[encoding](body);
  const answer = await send(hook, encoding, bytes).expect(415).expect('accept-encoding', 'identity');
  const checked = await send(`${page}/check`, encoding, bytes).expect(415);
  const logs = await logsOf(host, source);
  const { text } = await host.http.get(`${prefix}${page}`).expect(200);
  await send(hook, 'Identity', Buffer.from(body)).expect(202);
  const [, shown] = /<td>not read<\/td>\s*<td class="refused">refused<\/td>\s*<td>([^<]*)/.exec(text) ?? [];
  return { answer: answer.body, checked: checked.body, logs, shown };
}

function encodedIs(encoding: string) {
  const code = 'CONTENT_ENCODING_UNSUPPORTED';
  const said = `header Content-Encoding says "${encoding}", bodies are taken without an encoding`;
  const problem: unknown = expect.objectContaining({
    code,
    detail: `The ${said}`,
    remedy: expect.stringContaining('neither compressed'),
  });
  const log: unknown = expect.objectContaining({ status: 'FAIL', errorClass: 'rejected', errorCode: code });
  return { answer: problem, checked: problem, logs: [log], shown: `the ${said.replaceAll('"', '&quot;')}` };
}

describe('bodies of webhooks in a host that calls setUpBodyParsers', () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost({
      imports: [DESK],
      prepare: (app) => {
        setUpBodyParsers(app, { json: { limit: '1kb' }, urlencoded: { parameterLimit: 2 } });
        app.setGlobalPrefix('api/v7');
      },
    });
  });

  afterAll(() => host.close());

  const all = [...HARMLESS, ...REFUSED_BY_NEST].map(([what, contentType, body]) => [what, contentType, body] as const);

  it.each(all)('%s: as it was sent', async (_what, contentType, body) => {
    const { hook, page } = await aSource(host);
    const written = `/API/v7${hook.replace('hooks', 'Hooks').replace('.', '%2e')}/?a=1`;
    for (const path of [`/api/v7${hook}`, written]) expect(await takenFrom(host, path, contentType, body)).toBe(body);
    const checked = await post(host, `/api/v7${page}/check`, contentType, body).expect(200);
    expect(checked.body).toMatchObject({ verified: true, bytes: body.length });
  });

  it('are refused where they are too large for their source, by a log that says so', async () => {
    const { source, hook } = await aSource(host, { maxBytes: 1_000 });
    await post(host, `/api/v7${hook}`, JSON_TYPE, LARGE_JSON).expect(413);
    expect(await logsOf(host, source)).toMatchObject([
      { errorCode: 'REQUEST_TOO_LARGE', errorMessage: expect.stringContaining('200,') },
    ]);
  });

  it.each(ENCODINGS)('are refused where they are encoded: %s', async (encoding) => {
    expect(await shownOfEncoded(host, encoding, '/api/v7')).toEqual(encodedIs(encoding));
  });

  it("are called at the address that the vendor's page shows, below the prefix of the host", async () => {
    const { hook, page } = await aSource(host);
    const { text } = await host.http.get(`/api/v7${page}`).expect(200);
    expect(text).toContain(`/api/v7${hook}</code>`);
    expect(text).toContain(`/api/v7${page}/check</code>`);
  });

  it("are the host's to parse at its own routes, with its options", async () => {
    const asJson = await post(host, '/api/v7/desk', JSON_TYPE, '{"a":1}').expect(201);
    expect(asJson.body).toEqual({ body: { a: 1 } });
    const asForm = await post(host, '/api/v7/desk', FORM_TYPE, 'a[b]=1').expect(201);
    expect(asForm.body).toEqual({ body: { a: { b: '1' } } });
    await post(host, '/api/v7/desk', JSON_TYPE, LARGE_JSON).expect(413);
    await post(host, '/api/v7/desk', FORM_TYPE, 'a=1&b=2&c=3').expect(413);
    await post(host, '/api/v7/desk', 'application/json; charset=iso-8859-1', '{}').expect(415);
  });
});

describe("bodies of webhooks behind Nest's parsers that keep raw bodies", () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost({ nestParses: 'with rawBody' });
  });

  afterAll(() => host.close());

  it.each(HARMLESS)('%s: as it was sent', async (_what, contentType, body) => {
    const { hook } = await aSource(host);
    expect(await takenFrom(host, hook, contentType, body)).toBe(body);
  });

  it.each(ENCODINGS)('are refused where they are encoded: %s', async (encoding) => {
    expect(await shownOfEncoded(host, encoding)).toEqual(encodedIs(encoding));
  });

  it.each(REFUSED_BY_NEST)('%s: refused before Waybill sees it', async (_what, contentType, body, status) => {
    const { source, hook } = await aSource(host);
    await post(host, hook, contentType, body).expect(status);
    expect(await logsOf(host, source)).toEqual([]);
  });
});

describe("bodies of webhooks behind Nest's parsers that keep none", () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost({ nestParses: 'without rawBody' });
  });

  afterAll(() => host.close());

  const [json, form, text] = HARMLESS;

  it.each([json, form])('%s: refused, saying what the host has to do', async (_what, contentType, body) => {
    const { hook } = await aSource(host);
    const { body: problem } = await post(host, hook, contentType, body).expect(500);
    expect(problem).toMatchObject({
      code: 'RAW_BODY_MISSING',
      remedy: expect.stringContaining('`setUpBodyParsers(app)`'),
    });
  });

  it('text, which they leave alone: as it was sent', async () => {
    const { hook } = await aSource(host);
    const [, contentType, body] = text;
    expect(await takenFrom(host, hook, contentType, body)).toBe(body);
  });
});
