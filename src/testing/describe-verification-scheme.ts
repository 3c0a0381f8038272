import assert from 'node:assert/strict';
import { parseShape } from '../common/parse-shape.js';
import { aRawRequest } from '../inbound/verification/raw-request.builders.js';
import type { RawRequest } from '../inbound/verification/raw-request.js';
import type {
  JsonObject,
  SplitVerification,
  VerificationCheckContext,
  VerificationDesk,
  VerificationScheme,
  Verified,
} from '../inbound/verification/verification-scheme.js';
import { globalTestRunner, type TestRunner } from './test-runner.js';

export interface VerificationExample {
  readonly name: string;
  /** The `verification` of a source as a person sends it. */
  readonly input: JsonObject;
  /** The texts in it that nobody may read again. */
  readonly secrets: readonly string[];
  /** What the vendor does to its request, with each of the secrets that are good. */
  readonly senders: readonly ((request: RawRequest) => RawRequest | Promise<RawRequest>)[];
  /** Where no byte can be changed unnoticed. */
  readonly covers: { readonly body: boolean; readonly headers: readonly string[] };
  /** How far the time of a request may be off, where it has one. */
  readonly toleranceSeconds?: number;
  /** Requests that somebody else made, and that pass: the one proof that the vendor's will. */
  readonly vectors?: readonly RawRequest[];
  /** The keys that the vendor publishes. */
  readonly keySets?: VerificationDesk['keySets'];
}

export interface VerificationExpectations {
  readonly examples: readonly VerificationExample[];
  /** Inputs that must not be saved, and the field that a fault has to name (`verification.secrets`). */
  readonly refused: readonly { readonly input: JsonObject; readonly field: string }[];
  readonly context?: VerificationCheckContext;
}

interface Subject {
  readonly example: VerificationExample;
  readonly split: () => SplitVerification;
  readonly verify: (request: RawRequest) => Promise<Verified>;
  readonly challenge: (request: RawRequest) => unknown;
  readonly commands: (url: string) => string;
}

const CONTEXT: VerificationCheckContext = { allowCidrs: ['127.0.0.0/8'], allowedAddresses: ['192.0.2.0/24'] };

/**
 * What every way to verify inbound requests must hold to: it takes what its vendor sends, by each secret of a rotation and
 * within the tolerated time only; it refuses a request of which any byte was changed that it covers; it throws for no
 * request whatever; and it tells no secret, neither as a setting nor in a reason nor in its worked example.
 */
export function describeVerificationScheme<
  Input extends object,
  Settings extends JsonObject,
  Secrets extends JsonObject,
>(
  scheme: VerificationScheme<Input, Settings, Secrets>,
  { examples, refused, context = CONTEXT }: VerificationExpectations,
  { describe, it }: TestRunner = globalTestRunner(),
): void {
  describe(`verification scheme ${scheme.kind}`, () => {
    for (const example of examples) {
      const subject = subjectOf(scheme, example, context);
      describe(example.name, () => {
        itKeepsSecrets(subject, it);
        itTakesWhatItsVendorSends(subject, it);
        itNoticesChanges(subject, it);
        if (example.toleranceSeconds !== undefined) itMinds(example.toleranceSeconds, subject, it);
        itThrowsForNothing(subject, it);
      });
    }
    for (const { input, field } of [
      ...refused,
      { input: { kind: scheme.kind, colour: 'red' }, field: 'verification.colour' },
    ]) {
      it(`refuses ${JSON.stringify(input).slice(0, 100)}, naming ${field}`, () => {
        const fields = faultsOf(scheme, input, context);
        assert.ok(fields.includes(field), `the faults are of ${fields.join(', ')}`);
      });
    }
  });
}

function subjectOf<I extends object, S extends JsonObject, X extends JsonObject>(
  scheme: VerificationScheme<I, S, X>,
  example: VerificationExample,
  context: VerificationCheckContext,
): Subject {
  const split = (): SplitVerification<S, X> => {
    const shape = parseShape(scheme.input, example.input, 'verification');
    if (!shape.ok) throw new Error(`The example is not valid: ${JSON.stringify(shape.faults)}`);
    assert.deepEqual(scheme.check?.(shape.value, context) ?? [], []);
    return scheme.split(shape.value);
  };
  // As they come back from the database.
  const credentials = () => structuredClone(split());
  const keySets = example.keySets ?? { of: () => () => assert.fail('The example publishes no keys') };
  return {
    example,
    split,
    verify: async (request) => scheme.verify(request, credentials(), { keySets }),
    challenge: (request) => scheme.challenge?.(request, credentials()) ?? null,
    commands: (url) => JSON.stringify(scheme.example(credentials().settings, url)),
  };
}

function itKeepsSecrets({ example, split, commands }: Subject, it: TestRunner['it']): void {
  it('splits into settings without a secret, and secrets; both are JSON', () => {
    const { settings, secrets } = split();
    assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings);
    assert.deepEqual(JSON.parse(JSON.stringify(secrets)), secrets);
    assertWithout(JSON.stringify(settings), example.secrets, 'the settings');
    for (const text of example.secrets)
      assert.ok(JSON.stringify(secrets).includes(JSON.stringify(text).slice(1, -1)), 'a secret is lost');
  });
  it('shows how a request is made, for the address, without a secret', () => {
    const shown = commands('https://waybill.example/hooks/hk_9');
    assert.ok(shown.includes('curl') && shown.includes('https://waybill.example/hooks/hk_9'), shown);
    assertWithout(shown, example.secrets, 'the example');
  });
}

const BODIES: Readonly<Record<string, Buffer>> = {
  'a text beyond ASCII': Buffer.from('{"name":"Łukasz 東京 🧪"}'),
  'bytes that are no UTF-8': Buffer.from([0x00, 0xff, 0xfe, 0x80, 0x2e]),
  'a body of a megabyte': Buffer.alloc(1_048_576, 'x'),
};

function itTakesWhatItsVendorSends({ example, verify }: Subject, it: TestRunner['it']): void {
  for (const [index, vector] of (example.vectors ?? []).entries())
    it(`takes the known request ${index + 1}`, async () => assertTaken(await verify(vector)));
  for (const [index, send] of example.senders.entries()) {
    it(`takes what the vendor sends with secret ${index + 1}`, async () => {
      assertTaken(await verify(await send(aRawRequest())));
    });
    for (const [what, body] of Object.entries(BODIES))
      it(`takes ${what} with secret ${index + 1}`, async () =>
        assertTaken(await verify(await send(aRawRequest({ body })))));
  }
}

function itNoticesChanges({ example, verify }: Subject, it: TestRunner['it']): void {
  const { covers, senders, secrets } = example;
  const refuses = async (request: RawRequest, signed: RawRequest) => {
    const verdict = await verify(request);
    assert.ok(!verdict.ok, `it was taken: ${JSON.stringify(request.headers)} ${request.body.toString()}`);
    const signatures = covers.headers.map((name) => signed.headers[name] ?? '').filter((text) => text.length >= 20);
    assertWithout(verdict.reason, [...secrets, ...signatures], 'the reason');
  };
  const signedByFirst = async () => {
    const [send] = senders;
    assert.ok(send, 'The example has no sender');
    return send(aRawRequest());
  };
  if (covers.body)
    it('refuses a body of which any byte was changed, added or taken away', async () => {
      const signed = await signedByFirst();
      for (const body of changesOf(signed.body)) await refuses({ ...signed, body }, signed);
    });
  for (const name of covers.headers) {
    it(`refuses a request without ${name}`, async () => {
      const signed = await signedByFirst();
      const { [name]: _left, ...headers } = signed.headers;
      await refuses({ ...signed, headers }, signed);
    });
    it(`refuses ${name} with any character changed`, async () => {
      const signed = await signedByFirst();
      const text = signed.headers[name] ?? '';
      // The name of an authentication scheme is in any case (RFC 9110, section 11.1).
      const from = name === 'authorization' ? text.indexOf(' ') + 1 : 0;
      for (const changed of textChangesOf(text, from))
        await refuses({ ...signed, headers: { ...signed.headers, [name]: changed } }, signed);
    });
  }
}

function itMinds(toleranceSeconds: number, { example, verify }: Subject, it: TestRunner['it']): void {
  const verdictAfter = async (seconds: number) => {
    const [send] = example.senders;
    assert.ok(send, 'The example has no sender');
    const signed = await send(aRawRequest());
    return verify({ ...signed, receivedAt: new Date(signed.receivedAt.getTime() + seconds * 1_000) });
  };
  it(`takes a request that is up to ${toleranceSeconds} s off, before and after, and no other`, async () => {
    // A time in whole seconds may be one less than it was.
    for (const seconds of [toleranceSeconds - 1, 1 - toleranceSeconds]) assertTaken(await verdictAfter(seconds));
    for (const [seconds, says] of [
      [toleranceSeconds + 2, /old|expired/],
      [-toleranceSeconds - 2, /future/],
    ] as const) {
      const verdict = await verdictAfter(seconds);
      assert.ok(!verdict.ok);
      assert.match(verdict.reason, says);
    }
  });
}

const JUNK = [
  '',
  ',',
  '=',
  ' ',
  'v1,',
  'v1a,AAAA',
  't=,v1=',
  't=1,t=2,v1=0',
  '-1',
  '1e9',
  'NaN',
  '99999999999999999999',
]
  .concat(['Basic', 'Basic =', 'Bearer', 'Bearer a.b.c', 'eyJhbGciOiJub25lIn0.e30.', '{}', '[', '\u0000', 'é€🧪', '%'])
  .concat(['__proto__', 'x'.repeat(20_000), 'v1,a '.repeat(4_000)]);

function itThrowsForNothing({ example, verify, challenge }: Subject, it: TestRunner['it']): void {
  const meets = async (request: RawRequest) => {
    challenge(request);
    assert.equal((await verify(request)).ok, false);
  };
  it('throws for no header, body or address whatever', async () => {
    const [send] = example.senders;
    const signed = send ? await send(aRawRequest()) : aRawRequest();
    const names = example.covers.headers;
    for (const junk of JUNK) {
      for (const name of names) await meets({ ...signed, headers: { ...signed.headers, [name]: junk } });
      const all = Object.fromEntries(names.map((name) => [name, junk]));
      if (names.length > 0) await meets({ ...signed, headers: all, body: Buffer.from(junk) });
      for (const method of ['GET', junk]) challenge({ ...signed, method, url: junk, body: Buffer.from(junk) });
      await verify({ ...signed, url: junk, method: junk, body: Buffer.from(junk) });
    }
  });
}

function faultsOf<I extends object, S extends JsonObject, X extends JsonObject>(
  scheme: VerificationScheme<I, S, X>,
  input: unknown,
  context: VerificationCheckContext,
): string[] {
  const shape = parseShape(scheme.input, input, 'verification');
  if (!shape.ok) return shape.faults.map(({ field }) => field);
  return (scheme.check?.(shape.value, context) ?? []).map(({ field }) => `verification.${field}`);
}

function changesOf(body: Buffer): Buffer[] {
  const flipped = [...body.keys()].flatMap((at) =>
    [0x01, 0x20, 0x80].map((bits) => {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ bits;
      return changed;
    }),
  );
  return [...flipped, Buffer.concat([body, Buffer.from('\n')]), body.subarray(1), body.subarray(0, -1)];
}

const textChangesOf = (text: string, from: number): string[] =>
  Array.from({ length: text.length - from }, (_none, index) => from + index).flatMap((at) =>
    ['0', 'A', '.', ' ', other(text[at] ?? '')]
      .filter((character) => character !== text[at])
      .map((character) => `${text.slice(0, at)}${character}${text.slice(at + 1)}`),
  );

/** The same letter in the other case. */
const other = (character: string) =>
  character === character.toUpperCase() ? character.toLowerCase() : character.toUpperCase();

function assertTaken(verdict: Verified): void {
  assert.ok(verdict.ok, verdict.ok ? '' : verdict.reason);
}

function assertWithout(text: string, secrets: readonly string[], where: string): void {
  for (const secret of secrets) {
    const forms = [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)];
    for (const form of forms) assert.ok(!text.includes(form), `a secret stands in ${where}`);
  }
}
