import type { OutgoingBody } from '../security/outbound-http/segmented-body.js';
import { piecesOf } from '../security/signatures/signature-scheme.js';
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { API_KEY_AUTH } from '../integrations/auth/api-key.auth.js';
import { AUTH_KINDS } from '../integrations/auth/auth-kinds.js';
import { BASIC_AUTH } from '../integrations/auth/basic.auth.js';
import { BEARER_AUTH } from '../integrations/auth/bearer.auth.js';
import { HMAC_AUTH } from '../integrations/auth/hmac.auth.js';
import { LOGIN_AUTH } from '../integrations/auth/login.auth.js';
import { NO_AUTH } from '../integrations/auth/none.auth.js';
import { OAUTH2_CLIENT_CREDENTIALS_AUTH } from '../integrations/auth/oauth2-client-credentials.auth.js';
import { type AuthKindExample, describeAuthKind } from './index.js';

const TOKEN_URL = 'https://id.vendor.example/token';
const OAUTH2 = { kind: 'oauth2-client-credentials', tokenUrl: TOKEN_URL, clientId: 'lab 12' };
const pem = (key: ReturnType<typeof generateKeyPairSync>['privateKey']) =>
  String(key.export({ type: 'pkcs8', format: 'pem' }));
const RSA_KEY = pem(generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey);
const EC_KEY = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const ED_KEY = pem(generateKeyPairSync('ed25519').privateKey);

const oauth2 = (name: string, input: object, secret: string): AuthKindExample => ({
  name,
  input: { ...OAUTH2, ...input },
  secrets: [secret],
  tokenEndpoint: () => ({
    status: 200,
    body: '{"access_token":"token-of-the-vendor","token_type":"bearer","expires_in":3600}',
  }),
  accepts: ({ headers }) => headers['authorization'] === 'Bearer token-of-the-vendor',
});

describeAuthKind(NO_AUTH, {
  examples: [{ name: 'nothing', input: { kind: 'none' }, secrets: [], accepts: () => true }],
  refused: [],
});

describeAuthKind(API_KEY_AUTH, {
  examples: [
    {
      name: 'a key in a header',
      input: { kind: 'api-key', in: 'header', name: 'X-Lab-Key', value: 'key-9876!~' },
      secrets: ['key-9876!~'],
      accepts: ({ headers }) => headers['x-lab-key'] === 'key-9876!~',
    },
    {
      name: 'a key in the query',
      input: { kind: 'api-key', in: 'query', name: 'code', value: "key-9876!~'&" },
      secrets: ["key-9876!~'&"],
      accepts: ({ url }) => url.searchParams.get('code') === "key-9876!~'&",
    },
  ],
  refused: [
    { input: { kind: 'api-key', in: 'cookie', name: 'a', value: 'b' }, field: 'auth.in' },
    { input: { kind: 'api-key', in: 'header', name: 'a b', value: 'b' }, field: 'auth.name' },
    { input: { kind: 'api-key', in: 'header', name: 'Content-Length', value: 'b' }, field: 'auth.name' },
    { input: { kind: 'api-key', in: 'header', name: 'a', value: 'a\r\nx: y' }, field: 'auth.value' },
  ],
});

describeAuthKind(BASIC_AUTH, {
  examples: [
    {
      name: 'user name and password beyond ASCII',
      input: { kind: 'basic', username: 'läb', password: 'pässword "1"' },
      secrets: ['pässword "1"'],
      accepts: ({ headers }) =>
        headers['authorization'] === `Basic ${Buffer.from('läb:pässword "1"').toString('base64')}`,
    },
  ],
  refused: [{ input: { kind: 'basic', username: 'a:b', password: 'c' }, field: 'auth.username' }],
});

describeAuthKind(BEARER_AUTH, {
  examples: [
    {
      name: 'a fixed token',
      input: { kind: 'bearer', token: 'tok-1234._~+/=' },
      secrets: ['tok-1234._~+/='],
      accepts: ({ headers }) => headers['authorization'] === 'Bearer tok-1234._~+/=',
    },
  ],
  refused: [{ input: { kind: 'bearer', token: 'a b' }, field: 'auth.token' }],
});

describeAuthKind(OAUTH2_CLIENT_CREDENTIALS_AUTH, {
  examples: [
    oauth2('a secret as basic', { clientSecret: 'sec:ret 1%' }, 'sec:ret 1%'),
    oauth2('a secret in the form', { clientAuth: 'client_secret_post', clientSecret: 'secret-1&' }, 'secret-1&'),
    oauth2('a key, RSA', { clientAuth: 'private_key_jwt', privateKey: RSA_KEY, keyId: 'k1' }, RSA_KEY),
    oauth2('a key, P-256', { clientAuth: 'private_key_jwt', privateKey: EC_KEY, algorithm: 'ES256' }, EC_KEY),
    oauth2('a key, Ed25519', { clientAuth: 'private_key_jwt', privateKey: ED_KEY, algorithm: 'EdDSA' }, ED_KEY),
  ],
  refused: [
    { input: OAUTH2, field: 'auth.clientSecret' },
    { input: { ...OAUTH2, clientSecret: 'x', privateKey: RSA_KEY }, field: 'auth.privateKey' },
    { input: { ...OAUTH2, clientAuth: 'private_key_jwt' }, field: 'auth.privateKey' },
    { input: { ...OAUTH2, clientAuth: 'private_key_jwt', privateKey: 'no key' }, field: 'auth.privateKey' },
    {
      input: { ...OAUTH2, clientAuth: 'private_key_jwt', privateKey: EC_KEY, algorithm: 'RS256' },
      field: 'auth.privateKey',
    },
    { input: { ...OAUTH2, clientSecret: 'x', tokenUrl: 'http://id.vendor.example/token' }, field: 'auth.tokenUrl' },
    { input: { ...OAUTH2, clientSecret: 'x', tokenUrl: 'http://8.8.8.8/token' }, field: 'auth.tokenUrl' },
    { input: { ...OAUTH2, clientSecret: 'x', tokenUrl: 'https://10.1.2.3/token' }, field: 'auth.tokenUrl' },
    { input: { ...OAUTH2, clientSecret: 'x', tokenUrl: 'https://id.example/{{tenantId}}' }, field: 'auth.tokenUrl' },
    { input: { ...OAUTH2, clientSecret: 'x', clientAuth: 'magic' }, field: 'auth.clientAuth' },
  ],
});

const LOGIN = {
  kind: 'login',
  url: 'https://vendor.example/login',
  body: { user: '{{username}}', pass: ['{{password}}'], lab: 12 },
  credentials: { username: 'lab-user', password: 'pass"word-1' },
  tokenPath: 'data.token',
};

describeAuthKind(LOGIN_AUTH, {
  examples: [
    {
      name: 'JSON, and a header of its own',
      input: { ...LOGIN, header: 'X-Session', expiresInPath: 'data.ttl' },
      secrets: ['pass"word-1'],
      tokenEndpoint: ({ body, headers }) =>
        bytesOf(body ?? null).toString() === '{"user":"lab-user","pass":["pass\\"word-1"],"lab":12}' &&
        headers['content-type'] === 'application/json'
          ? { status: 201, body: '{"data":{"token":"session-4711","ttl":1200}}' }
          : { status: 401, body: '' },
      accepts: ({ headers }) => headers['x-session'] === 'session-4711',
    },
    {
      name: 'a form, and a prefix',
      input: {
        ...LOGIN,
        format: 'form',
        body: { u: 'lab/{{username}}', p: '{{password}}' },
        credentials: { username: 'a&b=c', password: 'pass word-1' },
        tokenPath: 'tokens.0',
        prefix: 'Session ',
        ttlSeconds: 1_200,
      },
      secrets: ['pass word-1'],
      tokenEndpoint: ({ body }) =>
        bytesOf(body ?? null).toString() === 'u=lab%2Fa%26b%3Dc&p=pass+word-1'
          ? { status: 200, body: '{"tokens":["session-4711"]}' }
          : { status: 401, body: '' },
      accepts: ({ headers }) => headers['authorization'] === 'Session session-4711',
    },
  ],
  refused: [
    { input: { ...LOGIN, body: { password: 'in-clear' } }, field: 'auth.body.password' },
    { input: { ...LOGIN, body: { a: [{ b: '{{nobody}}' }] } }, field: 'auth.body.a.0.b' },
    { input: { ...LOGIN, body: { a: '{{username' } }, field: 'auth.body.a' },
    { input: { ...LOGIN, format: 'form' }, field: 'auth.body.pass' },
    { input: { ...LOGIN, body: { a: 'x'.repeat(9_000) } }, field: 'auth.body' },
    { input: { ...LOGIN, credentials: {} }, field: 'auth.credentials' },
    { input: { ...LOGIN, credentials: { ...LOGIN.credentials, pin: 1234 } }, field: 'auth.credentials.pin' },
    { input: { ...LOGIN, tokenPath: 'data[0]' }, field: 'auth.tokenPath' },
    { input: { ...LOGIN, ttlSeconds: 0 }, field: 'auth.ttlSeconds' },
    { input: { ...LOGIN, header: 'Webhook-Id' }, field: 'auth.header' },
    { input: { ...LOGIN, prefix: 'a\r\n' }, field: 'auth.prefix' },
    { input: { ...LOGIN, url: 'http://vendor.example/login' }, field: 'auth.url' },
  ],
});

const bytesOf = (body: OutgoingBody | string | null) =>
  Buffer.concat([...piecesOf(body ?? '')].map((piece) => Buffer.from(piece)));

const HMAC = { kind: 'hmac', header: 'X-Signature', template: '{{body}}', key: 'hmac-key-1' };

describeAuthKind(HMAC_AUTH, {
  examples: [
    {
      name: 'the body, as GitHub signs',
      input: { ...HMAC, header: 'X-Hub-Signature-256', prefix: 'sha256=' },
      secrets: ['hmac-key-1'],
      accepts: ({ headers, body }) =>
        headers['x-hub-signature-256'] ===
        `sha256=${createHmac('sha256', 'hmac-key-1').update(bytesOf(body)).digest('hex')}`,
    },
    {
      name: 'a canonical request with a timestamp',
      input: {
        ...HMAC,
        algorithm: 'sha512',
        encoding: 'base64',
        template: '{{method}}\n{{path}}\n{{timestamp}}\n{{id}}\n{{ bodySha256 }}',
        timestampHeader: 'X-Time',
        timestampFormat: 'milliseconds',
        key: Buffer.from('hmac-key-1').toString('base64'),
        keyEncoding: 'base64',
      },
      secrets: [Buffer.from('hmac-key-1').toString('base64')],
      accepts: ({ headers, body }) => {
        const time = headers['x-time'] ?? '';
        const digest = createHash('sha256').update(bytesOf(body)).digest('hex');
        const text = `POST\n/patients/P%2F1?lab=12\n${time}\nlog_1\n${digest}`;
        const expected = createHmac('sha512', 'hmac-key-1').update(text).digest('base64');
        return Math.abs(Number(time) - Date.now()) < 60_000 && headers['x-signature'] === expected;
      },
    },
  ],
  refused: [
    { input: { ...HMAC, algorithm: 'md5' }, field: 'auth.algorithm' },
    { input: { ...HMAC, template: '{{body}}{{colour}}' }, field: 'auth.template' },
    { input: { ...HMAC, template: 'nothing of it' }, field: 'auth.template' },
    { input: { ...HMAC, template: '{{body}} {{' }, field: 'auth.template' },
    { input: { ...HMAC, template: '{{timestamp}}.{{body}}' }, field: 'auth.timestampHeader' },
    { input: { ...HMAC, header: 'Host' }, field: 'auth.header' },
    { input: { ...HMAC, key: 'xyz', keyEncoding: 'hex' }, field: 'auth.key' },
    { input: { ...HMAC, key: 'abc', keyEncoding: 'hex' }, field: 'auth.key' },
    { input: { ...HMAC, key: '=', keyEncoding: 'base64' }, field: 'auth.key' },
  ],
});

it('no kind is without its suite', () => {
  const described = [
    NO_AUTH,
    API_KEY_AUTH,
    BASIC_AUTH,
    BEARER_AUTH,
    OAUTH2_CLIENT_CREDENTIALS_AUTH,
    LOGIN_AUTH,
    HMAC_AUTH,
  ];
  expect(described.map(({ kind }) => kind).toSorted()).toEqual(AUTH_KINDS.toSorted());
});
