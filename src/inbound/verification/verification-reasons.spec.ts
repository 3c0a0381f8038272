import { createHmac } from 'node:crypto';
import { findVerificationScheme, parseVerification, VERIFICATION_KINDS } from './verification-schemes.js';
import { aRawRequest } from './raw-request.builders.js';
import type { RawRequest } from './raw-request.js';

const CONTEXT = { allowCidrs: [], allowedAddresses: [] };
const NOW = new Date('2026-01-02T03:04:05Z');
const DESK = {
  keySets: {
    of: () => () => {
      throw new Error('no keys here');
    },
  },
};

const request = (part: Partial<RawRequest> = {}): RawRequest =>
  aRawRequest({ headers: {}, body: Buffer.from('{"a":1}'), receivedAt: NOW, ...part });

async function reasonOf(input: object, of: RawRequest): Promise<string> {
  const parsed = parseVerification(input, CONTEXT);
  const scheme = findVerificationScheme(parsed.kind);
  if (!parsed.ok || !scheme) throw new Error(JSON.stringify(parsed));
  const verdict = await scheme.verify(of, parsed.value, DESK);
  return verdict.ok ? 'taken' : verdict.reason;
}

const stripe = (agoSeconds: number, body: string, sent = body) => {
  const time = Math.floor(NOW.getTime() / 1_000) - agoSeconds;
  const signature = createHmac('sha256', 'k').update(`${time}.${body}`).digest('hex');
  return request({ headers: { 'stripe-signature': `t=${time},v1=${signature}` }, body: Buffer.from(sent) });
};

const STRIPE = { kind: 'stripe', secrets: ['k'] };
const GITHUB = { kind: 'github', secrets: ['k'] };

describe('the reason of a refusal', () => {
  it.each([
    ['taken', stripe(0, '{"a":1}')],
    ['timestamp is 9 minutes old, at most 5 minutes are accepted', stripe(540, '{"a":1}')],
    ['timestamp lies 7 minutes in the future, at most 5 minutes are accepted', stripe(-420, '{"a":1}')],
    ['timestamp is 3 days old, at most 5 minutes are accepted', stripe(3 * 86_400, '{"a":1}')],
    [
      'signature does not match: the body you signed had 7 bytes (without the blanks or line breaks around it), we received 8 bytes',
      stripe(0, '{"a":1}', '{"a":1}\n'),
    ],
    [
      'signature does not match: the body you signed had 8 bytes (with a line break at its end), we received 7 bytes',
      stripe(0, '{"a":1}\n', '{"a":1}'),
    ],
    [
      'signature does not match: the body you signed had 7 bytes (the same JSON without blanks), we received 9 bytes',
      stripe(0, '{"a":1}', '{ "a":1 }'),
    ],
    [
      'signature does not match: we received 7 bytes; timestamp must be signed as sent, too',
      stripe(0, '{"a":2}', '{"a":1}'),
    ],
    ['header stripe-signature is missing', request()],
    ['header stripe-signature holds no v1=', request({ headers: { 'stripe-signature': 't=1,v0=ab' } })],
    ['header stripe-signature holds no t=', request({ headers: { 'stripe-signature': 'v1=ab' } })],
    ['header stripe-signature holds several t=', request({ headers: { 'stripe-signature': 't=1,t=2,v1=ab' } })],
    [
      'timestamp must be whole seconds since 1970',
      request({ headers: { 'stripe-signature': 't=2026-01-02T03:04:05Z,v1=ab' } }),
    ],
    [
      'timestamp must be whole seconds since 1970',
      request({ headers: { 'stripe-signature': `t=${NOW.getTime()},v1=ab` } }),
    ],
  ])('says %s', async (reason, of) => {
    expect(await reasonOf(STRIPE, of)).toBe(reason);
  });

  it('says what a signature has to start with', async () => {
    const headers = { 'x-hub-signature-256': 'ab' };
    expect(await reasonOf(GITHUB, request({ headers }))).toBe(
      'the signature in x-hub-signature-256 must start with sha256=',
    );
  });

  it('tells a time in another unit', async () => {
    const input = {
      kind: 'hmac',
      header: 'x-signature',
      template: '{{timestamp}}{{body}}',
      timestampHeader: 'x-time',
      timestampFormat: 'milliseconds',
      secrets: ['k'],
    };
    const headers = { 'x-signature': 'ab', 'x-time': String(NOW.getTime() / 1_000) };
    expect(await reasonOf(input, request({ headers }))).toBe(
      'timestamp is 56 years old, at most 5 minutes are accepted; it must be milliseconds since 1970',
    );
  });

  it('does not guess what was signed of a large body', async () => {
    const signed = 'x'.repeat(20_000);
    expect(await reasonOf(STRIPE, stripe(0, signed, `${signed}\n`))).toMatch(
      /^signature does not match: we received 20001/,
    );
  });
});

describe('a certificate that a proxy tells of', () => {
  const mtls = {
    kind: 'mtls',
    trustedProxies: ['10.0.0.0/8', '2001:db8::/32'],
    header: 'x-subject',
    match: 'subject',
    verdictHeader: 'x-verify',
    accepted: ['CN=lab'],
  };
  const told = { 'x-subject': 'CN=lab', 'x-verify': 'SUCCESS' };

  it.each([
    ['taken', told, '10.1.2.3'],
    ['taken', told, '::ffff:10.1.2.3'],
    ['taken', told, '2001:db8::1'],
    ['the connection comes from 192.0.2.7, which is no trusted proxy', told, '192.0.2.7'],
    ['the connection comes from nonsense, which is no trusted proxy', told, 'nonsense'],
    ['header x-subject is missing: there was no client certificate', { 'x-verify': 'SUCCESS' }, '10.1.2.3'],
    ["the certificate's subject is not accepted", { ...told, 'x-subject': 'CN=lab2' }, '10.1.2.3'],
    [
      'header x-verify must say SUCCESS: the proxy did not accept the certificate',
      { ...told, 'x-verify': 'FAILED:expired' },
      '10.1.2.3',
    ],
  ])('says %s', async (reason, headers, peerIp) => {
    expect(await reasonOf(mtls, request({ headers, peerIp, clientIp: '10.9.9.9' }))).toBe(reason);
  });
});

describe('a request of Twilio', () => {
  const url = 'https://waybill.example/hooks/hk_1';
  const signed = (text: string) => createHmac('sha1', 'k').update(text).digest('base64');
  const FORM = 'application/x-www-form-urlencoded';

  it.each([
    ['taken', signed(url), '', 'application/json'],
    ['taken', signed(`${url}ab`), 'a=b', FORM],
    ['the body is no form, and the URL has no bodySHA256: nothing covers the body', signed(url), '{}', 'text/plain'],
    ['the body is no form in UTF-8', signed(`${url}a\ufffd`), 'a=%ff', FORM],
    ['the body is no form in UTF-8', signed(`${url}aé`), 'a=é', FORM],
  ])('is %s', async (reason, signature, body, type) => {
    const headers = { 'content-type': type, 'x-twilio-signature': signature };
    expect(await reasonOf({ kind: 'twilio', secrets: ['k'] }, request({ url, headers, body: Buffer.from(body) }))).toBe(
      reason,
    );
  });

  it('is refused where the body is another than its hash', async () => {
    const hashed = `${url}?bodySHA256=${'0'.repeat(64)}`;
    const headers = { 'x-twilio-signature': signed(hashed) };
    expect(await reasonOf({ kind: 'twilio', secrets: ['k'] }, request({ url: hashed, headers }))).toBe(
      'bodySHA256 does not match: we received 7 bytes',
    );
  });
});

it('a key that comes twice is none', async () => {
  const input = { kind: 'api-key', in: 'query', name: 'k', secrets: ['v'] };
  expect(await reasonOf(input, request({ url: 'https://waybill.example/?k=v' }))).toBe('taken');
  expect(await reasonOf(input, request({ url: 'https://waybill.example/?k=v&k=w' }))).toBe(
    'query parameter k comes several times',
  );
});

it('a header with many signatures is read so far only', async () => {
  const input = { kind: 'standard-webhooks', secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] };
  const time = String(NOW.getTime() / 1_000);
  const headers = { 'webhook-id': 'm', 'webhook-timestamp': time, 'webhook-signature': 'v1,a '.repeat(11).trim() };
  expect(await reasonOf(input, request({ headers }))).toBe(
    'webhook-signature holds 11 signatures, at most 10 are read',
  );
});

describe('the id of an event', () => {
  const verdictOf = async (input: object, of: RawRequest) => {
    const parsed = parseVerification(input, CONTEXT);
    return parsed.ok ? findVerificationScheme(parsed.kind)?.verify(of, parsed.value, DESK) : null;
  };

  it('is told where it is signed', async () => {
    const signature = createHmac('sha256', 'k').update('e-1.{"a":1}').digest('hex');
    const input = { kind: 'hmac', header: 'x-s', template: '{{id}}.{{body}}', idHeader: 'X-Id', secrets: ['k'] };
    expect(await verdictOf(input, request({ headers: { 'x-s': signature, 'x-id': 'e-1' } }))).toEqual({
      ok: true,
      eventId: 'e-1',
    });
  });

  it('is not taken from a header that anybody can change', async () => {
    const signature = createHmac('sha256', 'k').update('{"a":1}').digest('hex');
    const headers = { 'x-hub-signature-256': `sha256=${signature}`, 'x-github-delivery': 'e-1' };
    expect(await verdictOf(GITHUB, request({ headers }))).toEqual({ ok: true });
  });
});

describe('where a request carries what no log may keep', () => {
  it.each([
    [GITHUB, { headers: [], query: [] }],
    [
      { kind: 'basic', username: 'u', secrets: ['p'] },
      { headers: ['authorization'], query: [] },
    ],
    [
      { kind: 'bearer', secrets: ['t'] },
      { headers: ['authorization'], query: [] },
    ],
    [
      { kind: 'api-key', in: 'header', name: 'X-Key', secrets: ['t'] },
      { headers: ['x-key'], query: [] },
    ],
    [
      { kind: 'api-key', in: 'query', name: 'Key', secrets: ['t'] },
      { headers: [], query: ['Key'] },
    ],
    [
      { kind: 'jwt', keySetUrl: 'https://vendor.example/', header: 'X-Token' },
      { headers: ['x-token'], query: [] },
    ],
  ])('is told for %j', (input, places) => {
    const parsed = parseVerification(input, CONTEXT);
    expect(parsed.ok && findVerificationScheme(parsed.kind)?.credentialPlaces(parsed.value.settings)).toEqual(places);
  });
});

describe('what a person enters as verification', () => {
  it.each([[null], ['stripe'], [{}], [{ kind: 7 }], [{ kind: 'magic' }]])('is refused where it is %j', (input) => {
    expect(parseVerification(input, CONTEXT)).toMatchObject({
      ok: false,
      faults: [{ field: 'verification.kind', expected: `must be one of ${VERIFICATION_KINDS.join(', ')}` }],
    });
  });
});
