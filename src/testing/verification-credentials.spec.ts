import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, SignJWT } from 'jose';
import { API_KEY_SCHEME } from '../inbound/verification/api-key.scheme.js';
import { BASIC_SCHEME } from '../inbound/verification/basic.scheme.js';
import { BEARER_SCHEME } from '../inbound/verification/bearer.scheme.js';
import { JWT_SCHEME } from '../inbound/verification/jwt.scheme.js';
import { MTLS_SCHEME } from '../inbound/verification/mtls.scheme.js';
import { NO_VERIFICATION_SCHEME } from '../inbound/verification/none.scheme.js';
import { withHeaders } from '../inbound/verification/raw-request.builders.js';
import type { RawRequest } from '../inbound/verification/raw-request.js';
import { aRawRequest, describeVerificationScheme } from './index.js';

describeVerificationScheme(BASIC_SCHEME, {
  examples: [
    {
      name: 'user name and passwords beyond ASCII',
      input: { kind: 'basic', username: 'läb', secrets: ['pässword "1"', 'second'] },
      secrets: ['pässword "1"', 'second'],
      senders: ['pässword "1"', 'second'].map((password) => (request) => {
        const credentials = Buffer.from(`läb:${password}`).toString('base64');
        return withHeaders(request, { authorization: `Basic ${credentials}` });
      }),
      covers: { body: false, headers: ['authorization'] },
      vectors: [],
    },
    {
      name: 'the example of RFC 7617',
      input: { kind: 'basic', username: 'Aladdin', secrets: ['open sesame'] },
      secrets: ['open sesame'],
      senders: [],
      covers: { body: false, headers: [] },
      vectors: [aRawRequest({ headers: { authorization: 'basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' } })],
    },
  ],
  refused: [{ input: { kind: 'basic', username: 'a:b', secrets: ['c'] }, field: 'verification.username' }],
});

describeVerificationScheme(BEARER_SCHEME, {
  examples: [
    {
      name: 'two tokens',
      input: { kind: 'bearer', secrets: ['tok-1234._~+/=', 'mF_9.B5f-4.1JqM'], echoParameter: 'challenge' },
      secrets: ['tok-1234._~+/=', 'mF_9.B5f-4.1JqM'],
      senders: ['tok-1234._~+/=', 'mF_9.B5f-4.1JqM'].map(
        (token) => (request) => withHeaders(request, { authorization: `Bearer ${token}` }),
      ),
      covers: { body: false, headers: ['authorization'] },
      // RFC 6750, section 2.1.
      vectors: [aRawRequest({ headers: { authorization: 'bearer mF_9.B5f-4.1JqM' } })],
    },
  ],
  refused: [
    { input: { kind: 'bearer', secrets: ['a b'] }, field: 'verification.secrets' },
    { input: { kind: 'bearer', secrets: ['a'], echoParameter: 'a b' }, field: 'verification.echoParameter' },
  ],
});

const withQuery = (request: RawRequest, query: string): RawRequest => ({ ...request, url: `${request.url}&${query}` });

describeVerificationScheme(API_KEY_SCHEME, {
  examples: [
    {
      name: 'keys in a header',
      input: { kind: 'api-key', in: 'header', name: 'X-Lab-Key', secrets: ['key-9876!~', 'second'] },
      secrets: ['key-9876!~', 'second'],
      senders: ['key-9876!~', 'second'].map((key) => (request) => withHeaders(request, { 'x-lab-key': key })),
      covers: { body: false, headers: ['x-lab-key'] },
    },
    {
      name: 'a key in the query',
      input: { kind: 'api-key', in: 'query', name: 'code', secrets: ["key-9876!~'&"] },
      secrets: ["key-9876!~'&"],
      senders: [(request) => withQuery(request, "code=key-9876!~'%26")],
      covers: { body: false, headers: [] },
    },
  ],
  refused: [
    { input: { kind: 'api-key', in: 'cookie', name: 'a', secrets: ['b'] }, field: 'verification.in' },
    { input: { kind: 'api-key', in: 'header', name: 'a b', secrets: ['b'] }, field: 'verification.name' },
    { input: { kind: 'api-key', in: 'header', name: 'a', secrets: ['b c'] }, field: 'verification.secrets' },
  ],
});

const FINGERPRINT = '12:34:56:78:90:12:34:56:78:90:12:34:56:78:90:12:34:56:78:90';
const MTLS = { kind: 'mtls', trustedProxies: ['10.0.0.0/8'], header: 'X-Client-Cert', accepted: [FINGERPRINT] };

describeVerificationScheme(MTLS_SCHEME, {
  examples: [
    {
      name: 'a fingerprint, and what the proxy found',
      input: { ...MTLS, verdictHeader: 'X-Client-Verify' },
      secrets: [],
      senders: [
        (request) => withHeaders(request, { 'x-client-cert': FINGERPRINT, 'x-client-verify': 'SUCCESS' }),
        (request) =>
          withHeaders(request, { 'x-client-cert': FINGERPRINT.replaceAll(':', ''), 'x-client-verify': 'SUCCESS' }),
      ],
      covers: { body: false, headers: ['x-client-cert', 'x-client-verify'] },
    },
    {
      name: 'a subject',
      input: { ...MTLS, match: 'subject', accepted: ['CN=lab,O=Acme', 'CN=lab2,O=Acme'] },
      secrets: [],
      senders: ['CN=lab,O=Acme', 'CN=lab2,O=Acme'].map(
        (subject) => (request) => withHeaders(request, { 'x-client-cert': subject }),
      ),
      covers: { body: false, headers: ['x-client-cert'] },
    },
  ],
  refused: [
    { input: { ...MTLS, trustedProxies: [] }, field: 'verification.trustedProxies' },
    { input: { ...MTLS, trustedProxies: ['nonsense'] }, field: 'verification.trustedProxies' },
    { input: { ...MTLS, trustedProxies: ['0.0.0.0/0'] }, field: 'verification.trustedProxies' },
    { input: { ...MTLS, accepted: ['CN=lab'] }, field: 'verification.accepted' },
    { input: { ...MTLS, accepted: [] }, field: 'verification.accepted' },
    { input: { ...MTLS, match: 'serial' }, field: 'verification.match' },
  ],
});

describeVerificationScheme(NO_VERIFICATION_SCHEME, {
  examples: [
    {
      name: 'addresses alone',
      input: { kind: 'none' },
      secrets: [],
      senders: [(request) => request],
      covers: { body: false, headers: [] },
    },
  ],
  refused: [],
});

describeVerificationScheme(NO_VERIFICATION_SCHEME, {
  examples: [],
  refused: [{ input: { kind: 'none' }, field: 'verification.kind' }],
  context: { allowCidrs: [], allowedAddresses: [] },
});

describeVerificationScheme(NO_VERIFICATION_SCHEME, {
  examples: [],
  refused: [{ input: { kind: 'none' }, field: 'verification.kind' }],
  context: { allowCidrs: [], allowedAddresses: ['::/0'] },
});

const pairOf = (alg: string) => ({ alg, ...KEY_PAIRS[alg] });
const KEY_PAIRS: Readonly<Record<string, { publicKey: KeyObject; privateKey: KeyObject }>> = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
};

const KEYS_OF_VENDOR = createLocalJWKSet({
  keys: Object.entries(KEY_PAIRS).map(([alg, { publicKey }]) => ({
    ...publicKey.export({ format: 'jwk' }),
    alg,
    kid: alg,
  })),
});

const tokenOf = (request: RawRequest, alg: string) => {
  const { privateKey } = pairOf(alg);
  if (!privateKey) throw new Error(`There is no key for ${alg}`);
  const iat = Math.floor(request.receivedAt.getTime() / 1_000);
  return new SignJWT({ body: createHash('sha256').update(request.body).digest('base64url') })
    .setProtectedHeader({ alg, kid: alg })
    .setIssuedAt(iat)
    .setExpirationTime(iat + 60)
    .setIssuer('https://vendor.example')
    .setAudience(['waybill', 'others'])
    .setJti('event-1')
    .sign(privateKey);
};

const RFC_PAYLOAD = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
const RFC_7515 = {
  keys: [
    {
      kty: 'RSA',
      n:
        'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pC' +
        'gNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg6' +
        '65xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW' +
        'yuXpoQ',
      e: 'AQAB',
    },
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  ],
  tokens: {
    rs256: `eyJhbGciOiJSUzI1NiJ9.${RFC_PAYLOAD}.${[
      'cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t',
      '1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j',
      'zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ',
      'Ge77Rw',
    ].join('')}`,
    es256: `eyJhbGciOiJFUzI1NiJ9.${RFC_PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`,
  },
};

const JWT = { kind: 'jwt', keySetUrl: 'https://vendor.example/keys' };

describeVerificationScheme(JWT_SCHEME, {
  examples: [
    {
      name: 'RS256, ES256 and EdDSA, with the hash of the body',
      input: {
        ...JWT,
        issuer: 'https://vendor.example',
        audience: 'waybill',
        bodyHashClaim: 'body',
        bodyHashEncoding: 'base64url',
      },
      secrets: [],
      senders: ['ES256', 'RS256', 'EdDSA'].map(
        (alg) => async (request) => withHeaders(request, { authorization: `Bearer ${await tokenOf(request, alg)}` }),
      ),
      covers: { body: true, headers: ['authorization'] },
      keySets: { of: () => KEYS_OF_VENDOR },
    },
    {
      name: 'a header of its own, and an age',
      input: { ...JWT, header: 'X-Token', prefix: '', maxAgeSeconds: 120, toleranceSeconds: 0 },
      secrets: [],
      senders: [async (request) => withHeaders(request, { 'x-token': await tokenOf(request, 'EdDSA') })],
      covers: { body: false, headers: ['x-token'] },
      keySets: { of: () => KEYS_OF_VENDOR },
    },
    {
      name: 'the tokens of RFC 7515, appendices A.2 and A.3',
      input: { ...JWT, issuer: 'joe' },
      secrets: [],
      senders: [],
      covers: { body: false, headers: [] },
      vectors: Object.values(RFC_7515.tokens).map((token) =>
        aRawRequest({ headers: { authorization: `Bearer ${token}` }, receivedAt: new Date(1_300_819_300_000) }),
      ),
      keySets: { of: () => createLocalJWKSet({ keys: RFC_7515.keys }) },
    },
  ],
  refused: [
    { input: { kind: 'jwt' }, field: 'verification.keySetUrl' },
    { input: { ...JWT, keySetUrl: 'http://vendor.example/keys' }, field: 'verification.keySetUrl' },
    { input: { ...JWT, keySetUrl: 'https://10.1.2.3/keys' }, field: 'verification.keySetUrl' },
    { input: { ...JWT, algorithms: ['HS256'] }, field: 'verification.algorithms' },
    { input: { ...JWT, algorithms: ['none'] }, field: 'verification.algorithms' },
    { input: { ...JWT, algorithms: [] }, field: 'verification.algorithms' },
  ],
});
