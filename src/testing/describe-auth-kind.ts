import assert from 'node:assert/strict';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { parseShape } from '../common/parse-shape.js';
import { Redactor } from '../common/redaction.js';
import { WaybillError } from '../common/waybill.error.js';
import type { AuthenticableRequest, AuthKind, AuthSettings, TokenDesk } from '../integrations/auth/auth-kind.js';
import { globalTestRunner, type TestRunner } from './test-runner.js';

type TokenRequest = Parameters<TokenDesk['send']>[0];

export interface AuthKindExample {
  readonly name: string;
  /** The `auth` of an integration as a person sends it. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The texts in it that nobody may read again. */
  readonly secrets: readonly string[];
  /** Whether a vendor would take the request. */
  readonly accepts: (request: AuthenticableRequest) => boolean;
  /** What the vendor's token endpoint answers, where the kind gets a token first. */
  readonly tokenEndpoint?: (request: TokenRequest) => { readonly status: number; readonly body: string };
}

export interface AuthKindExpectations {
  readonly examples: readonly AuthKindExample[];
  /** Inputs that must not be saved, and the field that a fault has to name (`auth.token`). */
  readonly refused: readonly { readonly input: Readonly<Record<string, unknown>>; readonly field: string }[];
}

/** Private addresses that the examples may name. */
const CONTEXT = { allowCidrs: ['127.0.0.0/8'] };

/**
 * What every way to authenticate must hold to: it takes what it documents and names what is wrong with anything else, gives
 * no secret away as a setting, touches nothing of a request but headers and query, can be applied again, and tells every
 * text that logs must not keep.
 */
export function describeAuthKind<Input extends object, Settings extends AuthSettings>(
  kind: AuthKind<Input, Settings>,
  { examples, refused }: AuthKindExpectations,
  { describe, it }: TestRunner = globalTestRunner(),
): void {
  describe(`authentication kind ${kind.kind}`, () => {
    for (const example of examples) {
      describe(example.name, () => {
        itKeepsSecrets(kind, example, it);
        itAuthenticates(kind, example, it);
        itAppliesAgainAndTells(kind, example, it);
        if (example.tokenEndpoint) itMeetsFailingEndpoints(kind, example, it);
      });
    }
    itRefuses(kind, refused, it);
  });
}

function itRefuses<I extends object, S extends AuthSettings>(
  kind: AuthKind<I, S>,
  refused: AuthKindExpectations['refused'],
  it: TestRunner['it'],
): void {
  for (const { input, field } of [...refused, { input: { kind: kind.kind, colour: 'red' }, field: 'auth.colour' }]) {
    it(`refuses ${JSON.stringify(input).slice(0, 100)}, naming ${field}`, () => {
      assert.ok(faultsOf(kind, input).includes(field), `the faults are of ${faultsOf(kind, input).join(', ')}`);
    });
  }
}

function itKeepsSecrets<I extends object, S extends AuthSettings>(
  kind: AuthKind<I, S>,
  { input, secrets }: AuthKindExample,
  it: TestRunner['it'],
): void {
  it('is accepted', () => assert.deepEqual(faultsOf(kind, input), []));

  it('splits into settings that are JSON without a secret, and one text that holds the secrets', () => {
    const { settings, secret } = kind.split(parsed(kind, input));
    assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings);
    assertWithout(JSON.stringify(settings), secrets, 'settings');
    for (const text of secrets) {
      const escaped = JSON.stringify(text).slice(1, -1);
      assert.ok(secret?.includes(text) || secret?.includes(escaped), 'a secret is lost');
    }
  });
}

function itAuthenticates<I extends object, S extends AuthSettings>(
  kind: AuthKind<I, S>,
  example: AuthKindExample,
  it: TestRunner['it'],
): void {
  it('makes requests that the vendor takes, with and without a body', async () => {
    for (const body of [Buffer.from('{"name":"Läb"}'), Buffer.from([0xff, 0x00]), null]) {
      const { request } = await applied(kind, example, body);
      assert.equal(example.accepts(request), true);
    }
  });

  it('adds valid headers in lower case and query parameters, and changes nothing else', async () => {
    const { request } = await applied(kind, example);
    const { url, headers, ...rest } = aRequest();
    assert.deepEqual({ id: request.id, method: request.method, body: request.body }, rest);
    assert.equal(`${request.url.origin}${request.url.pathname}`, `${url.origin}${url.pathname}`);
    for (const [name, value] of url.searchParams) assert.equal(request.url.searchParams.get(name), value);
    for (const [name, value] of Object.entries(headers)) assert.equal(request.headers[name], value);
    for (const [name, value] of Object.entries(request.headers)) {
      assert.equal(name, name.toLowerCase());
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  });
}

function itAppliesAgainAndTells<I extends object, S extends AuthSettings>(
  kind: AuthKind<I, S>,
  example: AuthKindExample,
  it: TestRunner['it'],
): void {
  it('can be applied again to the same request', async () => {
    const once = await applied(kind, example);
    const names = Object.keys(once.request.headers).toSorted();
    const parameters = [...once.request.url.searchParams.keys()].toSorted();
    const { request } = await applied(kind, example, null, once.request);
    assert.deepEqual(Object.keys(request.headers).toSorted(), names);
    assert.deepEqual([...request.url.searchParams.keys()].toSorted(), parameters);
    assert.equal(example.accepts(request), true);
  });

  it('tells every text that a log must not keep', async () => {
    const { request, hidden, tokens } = await applied(kind, example);
    const redactor = new Redactor(hidden);
    const added = Object.entries(request.headers).map(([name, value]) => `${name}: ${redactor.text(value)}`);
    const seen = [...added, redactor.url(request.url.href)].join('\n');
    assertWithout(seen, [...example.secrets, ...tokens], 'what a log keeps of the request');
    assertWithout(redactor.text([...example.secrets, ...tokens].join('\n')), tokens, 'an echo of the vendor');
  });
}

function itMeetsFailingEndpoints<I extends object, S extends AuthSettings>(
  kind: AuthKind<I, S>,
  example: AuthKindExample,
  it: TestRunner['it'],
): void {
  const echo = example.secrets.join(' ');
  const failures = [
    { status: 500, body: echo, code: 'TOKEN_ENDPOINT_UNAVAILABLE' },
    { status: 503, body: '', code: 'TOKEN_ENDPOINT_UNAVAILABLE' },
    { status: 429, body: '{"error":"slow_down"}', code: 'TOKEN_ENDPOINT_THROTTLED' },
    {
      status: 401,
      body: `{"error":"invalid_client","error_description":${JSON.stringify(echo)}}`,
      code: 'TOKEN_REFUSED',
    },
    { status: 403, body: echo, code: 'TOKEN_REFUSED' },
    { status: 404, body: '', code: 'TOKEN_REQUEST_REFUSED' },
    { status: 302, body: '', code: 'TOKEN_REQUEST_REFUSED' },
    { status: 200, body: '<html></html>', code: 'TOKEN_ANSWER_UNREADABLE' },
    { status: 200, body: '{}', code: 'TOKEN_ANSWER_UNREADABLE' },
    { status: 200, body: 'null', code: 'TOKEN_ANSWER_UNREADABLE' },
    { status: 204, body: '', code: 'TOKEN_ANSWER_UNREADABLE' },
  ];
  for (const { status, body, code } of failures) {
    it(`says ${code} where the token endpoint answers ${status} ${body.slice(0, 24)}, and no secret`, async () => {
      const failing = { ...example, tokenEndpoint: () => ({ status, body }) };
      const error = await applied(kind, failing).then(
        () => assert.fail('a token came out'),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof WaybillError, String(error));
      assert.equal(error.code, code);
      assertWithout(`${error.message} ${error.remedy} ${JSON.stringify(error.details)}`, example.secrets, 'the error');
    });
  }
}

const aRequest = (body: Buffer | null = null): AuthenticableRequest => ({
  id: 'log_1',
  method: 'POST',
  url: new URL('https://vendor.example/patients/P%2F1?lab=12'),
  headers: { 'content-type': 'application/json', 'x-lab': '12' },
  body,
});

function faultsOf<I extends object, S extends AuthSettings>(kind: AuthKind<I, S>, input: unknown): string[] {
  const shape = parseShape(kind.input, input, 'auth');
  if (!shape.ok) return shape.faults.map(({ field }) => field);
  return (kind.check?.(shape.value, CONTEXT) ?? []).map(({ field }) => `auth.${field}`);
}

function parsed<I extends object, S extends AuthSettings>(kind: AuthKind<I, S>, input: unknown): I {
  const shape = parseShape(kind.input, input, 'auth');
  if (!shape.ok) throw new Error(`The example is not valid: ${JSON.stringify(shape.faults)}`);
  return shape.value;
}

/** Applies it as a delivery does, with settings that were stored meanwhile, and answers with what came of it. */
async function applied<I extends object, S extends AuthSettings>(
  kind: AuthKind<I, S>,
  { input, tokenEndpoint }: AuthKindExample,
  body: Buffer | null = null,
  request = aRequest(body),
) {
  const { settings, secret } = kind.split(parsed(kind, input));
  const tokens: string[] = [];
  const desk: TokenDesk = {
    token: async (issue) => {
      const { value } = await issue();
      tokens.push(value);
      return value;
    },
    send: async (asked) => {
      if (!tokenEndpoint) throw new Error('The example has no token endpoint');
      const answer = tokenEndpoint(asked);
      const bytes = Buffer.from(answer.body);
      return {
        status: answer.status,
        headers: {},
        body: bytes,
        truncated: false,
        sizeBytes: bytes.length,
        durationMs: 1,
      };
    },
  };
  const hidden = secret === null ? [] : await kind.apply(request, { settings: stored(settings), secret }, desk);
  return { request, hidden, tokens };
}

/** As it comes back from the database. */
const stored = <T>(value: T): T => structuredClone(value);

function assertWithout(text: string, secrets: readonly string[], where: string): void {
  for (const secret of secrets) {
    const forms = [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)];
    for (const form of forms) assert.ok(!text.includes(form), `a secret stands in ${where}`);
  }
}
