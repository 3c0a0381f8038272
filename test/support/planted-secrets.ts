import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jwtVerify } from 'jose';
import { Webhook } from 'standardwebhooks';
import { WEBHOOK_SCHEMES } from '../../src/security/signatures/standard-webhooks.js';
import type { VendorRequest } from './fake-vendor.js';

/** A secret that is found nowhere else. Letters and digits only, which look the same in a form and in a URL. */
export const planted = (name: string) => `planted${name}${randomBytes(6).toString('hex')}`;

/** A secret in any form in which it could be found: as it is, encoded for a URL, in base64, whole or after `user:`. */
export function formsOf(secret: string): string[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '');
  const bare = secret.replace(/^wh(sec|sk)_/, '');
  const encoded = [encodeURIComponent(secret), base64(secret), base64(`lab:${secret}`), base64(`:${secret}`)];
  return [secret, bare, JSON.stringify(secret).slice(1, -1), ...encoded];
}

export interface Seen {
  /** What the vendor has received of this way to authenticate. */
  readonly atVendor: readonly VendorRequest[];
  /** What its token endpoint has. */
  readonly atTokens: readonly VendorRequest[];
}

/** One way in which an integration uses secrets. */
export interface PlantedUse {
  /** Its part of an integration. */
  readonly part: Readonly<Record<string, unknown>>;
  /** Names to values that must be found nowhere. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What the token endpoint gives out. */
  readonly token?: string;
  /** Names of the secrets that were used, as the vendor can tell: it received them, or what only they could have made. */
  used(seen: Seen): Promise<string[]> | string[];
}

const pem = (name: string) => readFileSync(join(__dirname, `certificates/${name}.pem`), 'utf8');

/** A key in PEM is written in lines, of which any tells. */
const lineOf = (key: string) => key.split('\n')[1] ?? '';

const holds = ({ url, headers, body }: VendorRequest, secret: string) =>
  formsOf(secret).some((form) => `${url} ${JSON.stringify(headers)} ${body}`.includes(form));

const namesWhere = (found: Readonly<Record<string, boolean>>) => Object.keys(found).filter((name) => found[name]);

function sentAsItIs(makeAuth: (secret: string) => Readonly<Record<string, string>>): PlantedUse {
  const secret = planted('auth');
  return {
    part: { auth: makeAuth(secret) },
    secrets: { secret },
    used: ({ atVendor }) => namesWhere({ secret: atVendor.some((request) => holds(request, secret)) }),
  };
}

function withToken(makeAuth: (secret: string) => Readonly<Record<string, unknown>>): PlantedUse {
  const [secret, token] = [planted('client'), planted('token')];
  return {
    part: { auth: makeAuth(secret) },
    secrets: { secret, token },
    token,
    used: ({ atVendor, atTokens }) =>
      namesWhere({
        secret: atTokens.some((request) => holds(request, secret)),
        token: atVendor.some((request) => holds(request, token)),
      }),
  };
}

function withAssertion(tokenUrl: string): PlantedUse {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const token = planted('token');
  const isSigned = async ({ body }: VendorRequest) => {
    const assertion = new URLSearchParams(body).get('client_assertion') ?? '';
    return (await jwtVerify(assertion, publicKey)).payload.iss === 'lab';
  };
  const clientAuth = 'private_key_jwt';
  return {
    part: {
      auth: { kind: 'oauth2-client-credentials', tokenUrl, clientId: 'lab', clientAuth, privateKey: key },
    },
    secrets: { privateKey: lineOf(key), token },
    token,
    used: async ({ atVendor, atTokens: [asked] }) =>
      namesWhere({
        privateKey: asked !== undefined && (await isSigned(asked)),
        token: atVendor.some((request) => holds(request, token)),
      }),
  };
}

function withHmac(): PlantedUse {
  const key = planted('hmac');
  const signatureOf = (body: string) => createHmac('sha256', key).update(body).digest('hex');
  return {
    part: { auth: { kind: 'hmac', header: 'x-signature', template: '{{body}}', key } },
    secrets: { key },
    used: ({ atVendor }) =>
      namesWhere({ key: atVendor.some(({ headers, body }) => headers['x-signature'] === signatureOf(body)) }),
  };
}

/** Needs a vendor whose certificate is of the authority of `test/support/certificates`. */
function withClientCertificate(): PlantedUse {
  const privateKey = pem('client.key');
  return {
    part: { tls: { certificate: pem('client'), privateKey, ca: pem('authority') } },
    secrets: { privateKey: lineOf(privateKey) },
    used: ({ atVendor }) => namesWhere({ privateKey: atVendor.some(({ clientName }) => clientName === 'Lab 12') }),
  };
}

/** Every way with a secret in it, by what it is called. A further one is a further line. */
export const plantedUses = (tokensUrl: string): Readonly<Record<string, PlantedUse>> => ({
  bearer: sentAsItIs((token) => ({ kind: 'bearer', token })),
  basic: sentAsItIs((password) => ({ kind: 'basic', username: 'lab', password })),
  header: sentAsItIs((value) => ({ kind: 'api-key', in: 'header', name: 'X-Lab-Key', value })),
  query: sentAsItIs((value) => ({ kind: 'api-key', in: 'query', name: 'code', value: `${value}~!'()` })),
  'client-secret-basic': withToken((clientSecret) => ({
    kind: 'oauth2-client-credentials',
    tokenUrl: `${tokensUrl}/client-secret-basic`,
    clientId: 'lab',
    clientSecret,
  })),
  'client-secret-post': withToken((clientSecret) => ({
    kind: 'oauth2-client-credentials',
    tokenUrl: `${tokensUrl}/client-secret-post`,
    clientId: 'lab',
    clientAuth: 'client_secret_post',
    clientSecret,
  })),
  'private-key-jwt': withAssertion(`${tokensUrl}/private-key-jwt`),
  login: withToken((pin) => ({
    kind: 'login',
    url: `${tokensUrl}/login`,
    body: { user: 'lab', pin: '{{pin}}' },
    credentials: { pin },
    tokenPath: 'access_token',
  })),
  hmac: withHmac(),
  'client-certificate': withClientCertificate(),
});

/** Whether a request carries a signature of Standard Webhooks that the shared secret has made. */
export function isSignedBy({ headers, body }: VendorRequest, secret: string): boolean {
  try {
    const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) =>
      String(headers[`webhook-${name}`]),
    );
    new Webhook(secret).verify(
      body,
      { 'webhook-id': id ?? '', 'webhook-timestamp': timestamp ?? '', 'webhook-signature': signature ?? '' },
      { jsonParse: false },
    );
    return true;
  } catch {
    return false;
  }
}

/** Whether it carries an asymmetric one, of the private key that belongs to the public one. */
export function isSignedFor({ headers, body }: VendorRequest, publicKey: string): boolean {
  const sentAt = new Date(Number(headers['webhook-timestamp']) * 1_000);
  const message = { id: String(headers['webhook-id']), sentAt, method: 'POST', target: '/', body };
  const signatures = String(headers['webhook-signature']).split(' ');
  return signatures.some((signature) => WEBHOOK_SCHEMES.v1a.verify(message, publicKey, signature));
}
