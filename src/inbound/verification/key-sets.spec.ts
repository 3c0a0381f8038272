import { createHash, generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { OutboundHttpClient } from '../../security/outbound-http/outbound-http.client.js';
import { KeySets } from './key-sets.js';
import { aRawRequest } from './raw-request.builders.js';
import { findVerificationScheme, parseVerification } from './verification-schemes.js';

const NOW = new Date();
const [FIRST, SECOND] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
const closers: (() => void)[] = [];

afterEach(() => closers.splice(0).forEach((close) => close()));

const jwk = (kid: string, { publicKey }: typeof FIRST) => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  alg: 'EdDSA',
});

/** A vendor that publishes what `answer` says at the time. */
async function vendor(answer: () => { status?: number; body: string }) {
  let calls = 0;
  const server = http.createServer((_request, response) => {
    calls += 1;
    const { status = 200, body } = answer();
    response.writeHead(status).end(body);
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`, calls: () => calls };
}

function keySets(allowCidrs = ['127.0.0.0/8']): KeySets {
  const client = new OutboundHttpClient({ allowCidrs });
  closers.push(() => client.close());
  return new KeySets(client);
}

interface Claims {
  readonly iat?: number;
  readonly exp?: number;
  readonly nbf?: number;
  readonly [claim: string]: unknown;
}

const SECONDS = Math.floor(NOW.getTime() / 1_000);

const token = (claims: Claims = { exp: SECONDS + 60 }, kid = 'first', pair = FIRST) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid }).sign(pair.privateKey);

async function verdict(sets: KeySets, url: string, jwt: string, more: object = {}, body = '{}') {
  const parsed = parseVerification(
    { kind: 'jwt', keySetUrl: url, ...more },
    { allowCidrs: ['127.0.0.0/8', '10.0.0.0/8'], allowedAddresses: [] },
  );
  const scheme = findVerificationScheme('jwt');
  if (!parsed.ok || !scheme) throw new Error(JSON.stringify(parsed));
  const headers = { authorization: `Bearer ${jwt}` };
  const request = aRawRequest({ headers, receivedAt: NOW, body: Buffer.from(body) });
  return scheme.verify(request, parsed.value, { keySets: sets });
}

describe('a set of keys', () => {
  it('is fetched once for all that need it at the same time and after', async () => {
    const { url, calls } = await vendor(() => ({ body: JSON.stringify({ keys: [jwk('first', FIRST)] }) }));
    const sets = keySets();
    const jwt = await token();
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => verdict(sets, url, jwt)));
    expect([...verdicts, await verdict(sets, url, jwt)]).toEqual(Array(21).fill({ ok: true }));
    expect(calls()).toBe(1);
  });

  it('is not fetched again for a key that it does not hold, however often it is asked for', async () => {
    const { url, calls } = await vendor(() => ({ body: JSON.stringify({ keys: [jwk('first', FIRST)] }) }));
    const sets = keySets();
    const unknown = await token(undefined, 'second', SECOND);
    for (let time = 0; time < 5; time += 1)
      expect(await verdict(sets, url, unknown)).toEqual({
        ok: false,
        reason: 'the key set holds no key of the kid and alg of the token',
      });
    expect(calls()).toBe(1);
  });

  it.each([
    ['answers an error', { status: 500, body: '' }, 'it answered 500'],
    ['redirects', { status: 302, body: '' }, 'it answered 302'],
    ['answers no JSON', { body: '<html>' }, 'it is no JSON with keys'],
    ['answers other JSON', { body: '{"keys":{}}' }, 'it is no JSON with keys'],
    ['answers too much', { body: `{"keys":[],"more":"${'x'.repeat(300_000)}"}` }, 'it has more than 262144 bytes'],
  ])('that %s leaves the check open, and is asked for again a while later only', async (_what, answer, says) => {
    const { url, calls } = await vendor(() => answer);
    const sets = keySets();
    for (let time = 0; time < 5; time += 1)
      expect(await verdict(sets, url, await token())).toEqual({
        ok: false,
        unavailable: true,
        reason: `The key set of ${new URL(url).host} could not be had: ${says}`,
      });
    expect(calls()).toBe(1);
  });

  it('with keys that are none is no reason to throw', async () => {
    const { url } = await vendor(() => ({ body: '{"keys":[1]}' }));
    expect(await verdict(keySets(), url, await token())).toMatchObject({ ok: false, unavailable: true });
    const broken = await vendor(() => ({ body: '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"first","x":"AA"}]}' }));
    expect(await verdict(keySets(), broken.url, await token())).toEqual({
      ok: false,
      reason: 'the key that the token names cannot be used',
    });
  });

  it('is not fetched from an address that the guard refuses', async () => {
    const { url, calls } = await vendor(() => ({ body: '{}' }));
    expect(await verdict(keySets([]), url, await token())).toMatchObject({ ok: false, unavailable: true });
    expect(calls()).toBe(0);
  });
});

describe('a set of keys that the vendor changes', () => {
  const NO_KEY = { ok: false, reason: 'the key set holds no key of the kid and alg of the token' };
  let published: object[];
  let passedMs: number;

  beforeEach(() => {
    published = [jwk('first', FIRST)];
    passedMs = 0;
    const now = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => now() + passedMs);
  });

  afterEach(() => jest.restoreAllMocks());

  async function changing() {
    const { url, calls } = await vendor(() => ({ body: JSON.stringify({ keys: published }) }));
    const sets = keySets();
    const [byFirst, bySecond] = [await token(), await token(undefined, 'second', SECOND)];
    const check = { first: () => verdict(sets, url, byFirst), second: () => verdict(sets, url, bySecond) };
    expect(await check.first()).toEqual({ ok: true });
    return { ...check, calls };
  }

  it('is fetched anew for a key that was added, half a minute after it was fetched, and once for all', async () => {
    const { first, second, calls } = await changing();
    published = [jwk('first', FIRST), jwk('second', SECOND)];
    passedMs = 25_000;
    expect([await second(), calls()]).toEqual([NO_KEY, 1]);
    passedMs = 30_001;
    expect(await Promise.all([second(), second(), first(), second()])).toEqual(Array(4).fill({ ok: true }));
    expect(calls()).toBe(2);
  });

  it('is asked for a key that it never holds every half minute at the most', async () => {
    const { second, calls } = await changing();
    for (passedMs = 30_001; passedMs < 150_000; passedMs += 10_000) expect(await second()).toEqual(NO_KEY);
    expect(calls()).toBe(5);
  });

  it('no longer vouches for a key that was withdrawn ten minutes ago', async () => {
    const { first, second, calls } = await changing();
    published = [jwk('second', SECOND)];
    passedMs = 590_000;
    expect([await first(), calls()]).toEqual([{ ok: true }, 1]);
    passedMs = 600_001;
    expect([await first(), await second(), calls()]).toEqual([NO_KEY, { ok: true }, 2]);
  });

  it('is not gone by any longer where it is away when it is too old', async () => {
    let status = 200;
    const { url } = await vendor(() => ({ status, body: JSON.stringify({ keys: published }) }));
    const sets = keySets();
    const jwt = await token();
    expect(await verdict(sets, url, jwt)).toEqual({ ok: true });
    status = 500;
    passedMs = 600_001;
    expect(await verdict(sets, url, jwt)).toMatchObject({ ok: false, unavailable: true });
    status = 200;
    passedMs += 5_001;
    expect(await verdict(sets, url, jwt)).toEqual({ ok: true });
  });
});

describe('a token', () => {
  const check = async (claims: Claims, more: object = {}) => {
    const { url } = await vendor(() => ({ body: JSON.stringify({ keys: [jwk('first', FIRST)] }) }));
    return verdict(keySets(), url, await token(claims), more);
  };
  const good = { exp: SECONDS + 60 };

  it.each<[string, Claims, object]>([
    ['the token has expired more than 60 seconds ago', { exp: SECONDS - 61 }, {}],
    ['claim exp is missing', { iat: SECONDS }, {}],
    ['claim nbf lies in the future', { ...good, nbf: SECONDS + 62 }, {}],
    ['claim iat is missing', good, { maxAgeSeconds: 30 }],
    [
      'the token has expired: by its iat it is older than 30 seconds, and 60 more',
      { iat: SECONDS - 92 },
      { maxAgeSeconds: 30 },
    ],
    ['claim iat lies in the future', { iat: SECONDS + 62 }, { maxAgeSeconds: 30 }],
    ['claim iss must be vendor', { ...good, iss: 'other' }, { issuer: 'vendor' }],
    ['claim iss is missing', good, { issuer: 'vendor' }],
    ['claim aud must be or hold us', { ...good, aud: ['them'] }, { audience: 'us' }],
    ['claim hash is missing', good, { bodyHashClaim: 'hash' }],
    [
      "claim hash is not the body's SHA-256 in hex: we received 2 bytes",
      { ...good, hash: 'ab' },
      { bodyHashClaim: 'hash' },
    ],
    ['alg must be one of RS256', good, { algorithms: ['RS256'] }],
  ])('is refused: %s', async (reason, claims, more) => {
    expect(await check(claims, more)).toEqual({ ok: false, reason });
  });

  it.each<[string, Claims, object]>([
    ['within the tolerance', { exp: SECONDS - 58, nbf: SECONDS + 58 }, {}],
    ['of an age, without exp', { iat: SECONDS - 85 }, { maxAgeSeconds: 30 }],
    ['for several', { ...good, aud: ['them', 'us'] }, { audience: 'us' }],
  ])('is taken: %s', async (_what, claims, more) => {
    expect(await check(claims, more)).toEqual({ ok: true });
  });

  it('takes the id of a token for that of the event only where the token vouches for the body', async () => {
    const claims = { ...good, jti: 'token-1' };
    expect(await check(claims)).toEqual({ ok: true });
    const h = createHash('sha256').update('{}').digest('hex');
    const hashed = { bodyHashClaim: 'h', bodyHashEncoding: 'hex' };
    expect(await check({ ...claims, h }, hashed)).toEqual({ ok: true, eventId: 'token-1' });
  });

  it('is refused where another key signed it, or none', async () => {
    const { url } = await vendor(() => ({ body: JSON.stringify({ keys: [jwk('first', FIRST)] }) }));
    const sets = keySets();
    expect(await verdict(sets, url, await token(good, 'first', SECOND))).toEqual({
      ok: false,
      reason: 'the signature of the token does not match',
    });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [none, symmetric] = [part({ alg: 'none' }), part({ alg: 'HS256', kid: 'first' })];
    for (const header of [none, symmetric])
      expect(await verdict(sets, url, `${header}.${part(good)}.`)).toMatchObject({ ok: false });
  });
});
