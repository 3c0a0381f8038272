import { createHmac } from 'node:crypto';
import { findVerificationScheme, parseVerification, VERIFICATION_KINDS } from './verification-schemes.js';
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

const request = (part: Partial<RawRequest> = {}): RawRequest => ({
  method: 'POST',
  url: 'https://waybill.example/hooks/hk_1',
  headers: {},
  body: Buffer.from('{"a":1}'),
  receivedAt: NOW,
  clientIp: '192.0.2.7',
  peerIp: '192.0.2.7',
  ...part,
});

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

describe('what a person enters as verification', () => {
  it.each([[null], ['stripe'], [{}], [{ kind: 7 }], [{ kind: 'magic' }]])('is refused where it is %j', (input) => {
    expect(parseVerification(input, CONTEXT)).toMatchObject({
      ok: false,
      faults: [{ field: 'verification.kind', expected: `must be one of ${VERIFICATION_KINDS.join(', ')}` }],
    });
  });
});
