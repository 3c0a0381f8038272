import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { createLocalJWKSet, SignJWT } from 'jose';
import { webhookHeaders, WEBHOOK_SCHEMES } from '../../security/signatures/standard-webhooks.js';
import { aRawRequest } from './raw-request.builders.js';
import type { RawRequest } from './raw-request.js';
import type { Verified } from './verification-scheme.js';
import { findVerificationScheme, parseVerification, VERIFICATION_KINDS } from './verification-schemes.js';

const CONTEXT = { allowCidrs: [], allowedAddresses: ['192.0.2.0/24'] };
const TOKEN_PAIR = generateKeyPairSync('ed25519');
const KEYS = createLocalJWKSet({ keys: [{ ...TOKEN_PAIR.publicKey.export({ format: 'jwk' }), alg: 'EdDSA' }] });
const V1 = WEBHOOK_SCHEMES.v1.newKey();
const V1A = WEBHOOK_SCHEMES.v1a.newKey();

interface Subject {
  readonly input: Readonly<Record<string, unknown>>;
  readonly sign: (request: RawRequest, id: string) => RawRequest | Promise<RawRequest>;
  /** The headers of which no character may change. */
  readonly headers: readonly string[];
}

const withHeaders = (request: RawRequest, headers: Record<string, string>): RawRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

const timeOf = ({ receivedAt }: RawRequest) => String(Math.floor(receivedAt.getTime() / 1_000));

const hmac = (encoding: 'hex' | 'base64', ...parts: readonly (string | Buffer)[]) => {
  const made = createHmac('sha256', 'key');
  for (const part of parts) made.update(part);
  return made.digest(encoding);
};

const standard = (scheme: 'v1' | 'v1a', { secret, shared }: typeof V1): Subject => ({
  input: { kind: 'standard-webhooks', secrets: [shared] },
  sign: (request, id) =>
    withHeaders(
      request,
      webhookHeaders({ id, sentAt: request.receivedAt, method: 'POST', target: '/', body: request.body }, [
        { scheme, secret },
      ]),
    ),
  headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
});

const SUBJECTS: Readonly<Record<string, Subject>> = {
  'Standard Webhooks v1': standard('v1', V1),
  'Standard Webhooks v1a': standard('v1a', V1A),
  Stripe: {
    input: { kind: 'stripe', secrets: ['key'] },
    sign: (request) =>
      withHeaders(request, {
        'stripe-signature': `t=${timeOf(request)},v1=${hmac('hex', `${timeOf(request)}.`, request.body)}`,
      }),
    headers: ['stripe-signature'],
  },
  GitHub: {
    input: { kind: 'github', secrets: ['key'] },
    sign: (request) => withHeaders(request, { 'x-hub-signature-256': `sha256=${hmac('hex', request.body)}` }),
    headers: ['x-hub-signature-256'],
  },
  Shopify: {
    input: { kind: 'shopify', secrets: ['key'] },
    sign: (request) => withHeaders(request, { 'x-shopify-hmac-sha256': hmac('base64', request.body) }),
    headers: ['x-shopify-hmac-sha256'],
  },
  Slack: {
    input: { kind: 'slack', secrets: ['key'] },
    sign: (request) =>
      withHeaders(request, {
        'x-slack-request-timestamp': timeOf(request),
        'x-slack-signature': `v0=${hmac('hex', `v0:${timeOf(request)}:`, request.body)}`,
      }),
    headers: ['x-slack-request-timestamp', 'x-slack-signature'],
  },
  Meta: {
    input: { kind: 'meta', secrets: ['key'], verifyToken: 'token' },
    sign: (request) => withHeaders(request, { 'x-hub-signature-256': `sha256=${hmac('hex', request.body)}` }),
    headers: ['x-hub-signature-256'],
  },
  'Twilio, by the hash of the body': {
    input: { kind: 'twilio', secrets: ['key'] },
    sign: (request) => {
      const url = `${request.url}&bodySHA256=${createHash('sha256').update(request.body).digest('hex')}`;
      const signature = createHmac('sha1', 'key').update(url).digest('base64');
      return withHeaders({ ...request, url }, { 'x-twilio-signature': signature });
    },
    headers: ['x-twilio-signature'],
  },
  'HMAC by data': {
    input: {
      kind: 'hmac',
      header: 'x-signature',
      template: '{{id}}:{{timestamp}}:{{url}}:{{body}}',
      timestampHeader: 'x-time',
      idHeader: 'x-id',
      secrets: ['key'],
    },
    sign: (request, id) =>
      withHeaders(request, {
        'x-id': id,
        'x-time': timeOf(request),
        'x-signature': hmac('hex', `${id}:${timeOf(request)}:${request.url}:`, request.body),
      }),
    headers: ['x-id', 'x-time', 'x-signature'],
  },
  'JWT with the hash of the body': {
    input: { kind: 'jwt', keySetUrl: 'https://vendor.example/keys', header: 'x-token', prefix: '', bodyHashClaim: 'h' },
    sign: async (request, jti) => {
      const h = createHash('sha256').update(request.body).digest('hex');
      const exp = Math.floor(request.receivedAt.getTime() / 1_000) + 60;
      const token = await new SignJWT({ h, jti, exp }).setProtectedHeader({ alg: 'EdDSA' }).sign(TOKEN_PAIR.privateKey);
      return withHeaders(request, { 'x-token': token });
    },
    headers: ['x-token'],
  },
};

function prepared(input: object) {
  const parsed = parseVerification(input, CONTEXT);
  const scheme = findVerificationScheme(parsed.kind);
  if (!parsed.ok || !scheme) throw new Error(JSON.stringify(parsed));
  const { value } = parsed;
  return {
    verify: async (request: RawRequest): Promise<Verified> =>
      scheme.verify(request, value, { keySets: { of: () => KEYS } }),
    challenge: (request: RawRequest) => scheme.challenge(request, value),
  };
}

const ids = fc.stringMatching(/^[\w-]{1,40}$/);
const bodies = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));

/** One byte of a buffer, xored: always another one. */
const changedAt = (bytes: Buffer, at: number, by: number): Buffer => {
  const changed = Buffer.from(bytes);
  const place = at % changed.length;
  changed[place] = (changed[place] ?? 0) ^ by;
  return changed;
};

describe.each(Object.entries(SUBJECTS))('%s', (_name, { input, sign, headers }) => {
  const { verify } = prepared(input);

  it('takes whatever was signed, and refuses it with any byte of its body changed', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, ids, fc.nat(), fc.integer({ min: 1, max: 255 }), async (body, id, at, by) => {
        const signed = await sign(aRawRequest({ body }), id);
        expect(await verify(signed)).toMatchObject({ ok: true });
        expect(await verify({ ...signed, body: changedAt(body, at, by) })).toMatchObject({ ok: false });
      }),
    );
  });

  it.each(headers)('refuses %s with any byte changed, added or taken away', async (name) => {
    const change = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }), how: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(bodies, ids, change, async (body, id, { at, by, how }) => {
        const signed = await sign(aRawRequest({ body }), id);
        const bytes = Buffer.from(signed.headers[name] ?? '', 'latin1');
        const place = at % bytes.length;
        const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
        const changed = [
          () => changedAt(bytes, at, by),
          // A blank or comma at either end parts nothing, and Node cuts blanks off.
          () => Buffer.concat([before, Buffer.from([by === 0x20 || by === 0x2c ? 0x30 : by]), after]),
          () => Buffer.concat([before, after.subarray(1)]),
        ][how]?.();
        const sent = withHeaders(signed, { [name]: changed?.toString('latin1') ?? '' });
        fc.pre(sent.headers[name] !== signed.headers[name]);
        expect(await verify(sent)).toMatchObject({ ok: false });
      }),
    );
  });
});

describe('the form of Twilio', () => {
  it('is refused with any byte changed that changes what is read of it', async () => {
    const { verify } = prepared({ kind: 'twilio', secrets: ['key'] });
    const form = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      {
        minKeys: 1,
        maxKeys: 4,
      },
    );
    await fc.assert(
      fc.asyncProperty(form, fc.nat(), fc.integer({ min: 1, max: 255 }), async (values, at, by) => {
        const body = Buffer.from(new URLSearchParams(values).toString());
        const signed = (text: string) =>
          [...new URLSearchParams(text).entries()]
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, value]) => `${name}${value}`)
            .join('');
        const request = aRawRequest({ body });
        const signature = createHmac('sha1', 'key')
          .update(`${request.url}${signed(body.toString())}`)
          .digest('base64');
        const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature };
        expect(await verify({ ...request, headers })).toEqual({ ok: true });
        const changed = changedAt(body, at, by);
        fc.pre(signed(changed.toString()) !== signed(body.toString()));
        expect(await verify({ ...request, headers, body: changed })).toMatchObject({ ok: false });
      }),
    );
  });
});

const INPUTS: Readonly<Record<string, object>> = {
  ...Object.fromEntries(Object.values(SUBJECTS).map(({ input }) => [String(input['kind']), input])),
  basic: { kind: 'basic', username: 'u', secrets: ['p'], echoParameter: 'c' },
  bearer: { kind: 'bearer', secrets: ['t'], echoParameter: 'c' },
  'api-key': { kind: 'api-key', in: 'query', name: 'k', secrets: ['v'], echoParameter: 'c' },
  mtls: { kind: 'mtls', trustedProxies: ['10.0.0.0/8'], header: 'x-cert', match: 'subject', accepted: ['CN=x'] },
  none: { kind: 'none', echoParameter: 'c' },
};

describe.each(VERIFICATION_KINDS)('%s', (kind) => {
  const { verify, challenge } = prepared(INPUTS[kind] ?? { kind });

  it('throws for no request whatever, and takes none that nobody signed', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('v1,', 'v1a,AA==', 't=1,v1=', 'Bearer ..', 'Basic ', 'sha256=', 'v0=', '1767323045', '%', ''),
    );
    const names = fc.constantFrom(
      ...['authorization', 'webhook-id', 'webhook-timestamp', 'webhook-signature', 'stripe-signature', 'content-type'],
      ...['x-hub-signature-256', 'x-shopify-hmac-sha256', 'x-slack-signature', 'x-slack-request-timestamp'],
      ...['x-twilio-signature', 'x-signature', 'x-time', 'x-id', 'x-token', 'x-cert', '__proto__'],
    );
    const url = fc.oneof(
      text,
      text.map((query) => `https://waybill.example/hooks/hk_1?${query}`),
      text.map((query) => `https://waybill.example/?hub.mode=subscribe&hub.verify_token=${query}&c=${query}`),
    );
    const request = fc.record({
      method: fc.oneof(fc.constantFrom('GET', 'POST'), text),
      url,
      headers: fc.dictionary(names, text),
      body: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(Buffer.from)).map((bytes) => Buffer.from(bytes)),
      receivedAt: fc.date({ noInvalidDate: true }),
      clientIp: fc.oneof(fc.ipV4(), fc.ipV6(), text),
      peerIp: fc.oneof(fc.ipV4(), fc.ipV6(), text),
    });
    await fc.assert(
      fc.asyncProperty(request, async (any) => {
        challenge(any);
        expect((await verify(any)).ok).toBe(kind === 'none');
      }),
      { numRuns: 500 },
    );
  });
});
