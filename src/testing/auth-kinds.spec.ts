import { generateKeyPairSync } from 'node:crypto';
import { API_KEY_AUTH } from '../integrations/auth/api-key.auth.js';
import { AUTH_KINDS } from '../integrations/auth/auth-kinds.js';
import { BASIC_AUTH } from '../integrations/auth/basic.auth.js';
import { BEARER_AUTH } from '../integrations/auth/bearer.auth.js';
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

it('no kind is without its suite', () => {
  const described = [NO_AUTH, API_KEY_AUTH, BASIC_AUTH, BEARER_AUTH, OAUTH2_CLIENT_CREDENTIALS_AUTH];
  expect(described.map(({ kind }) => kind).toSorted()).toEqual(AUTH_KINDS.toSorted());
});
