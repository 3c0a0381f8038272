import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { webhookHeaders } from '../../src/security/signatures/standard-webhooks.js';
import { planted } from './planted-secrets.js';

/** A webhook before its vendor proves who it is; `url` is whole. */
interface Unsigned {
  readonly url: string;
  readonly body: string;
}

interface Signed {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A source whose vendor proves itself by secrets that must be found nowhere. */
export interface PlantedSource {
  readonly verification: Readonly<Record<string, unknown>>;
  /** A further secret of the same form, for a rotation; `null` where its kind has no list of them. */
  readonly next: string | null;
  /** Names to values. */
  readonly secrets: Readonly<Record<string, string>>;
  /** As the vendor would, with the first of the secrets or with what is given. */
  prove(request: Unsigned, secret?: string): Signed;
  /** What the vendor is not: near enough that its log would tell the secret. `null` where everybody is. */
  readonly wrong: string | null;
}

const hmac = (algorithm: string, secret: string, text: string) => createHmac(algorithm, secret).update(text);

const seconds = () => String(Math.floor(Date.now() / 1_000));

type Prover = (request: Unsigned, secret: string) => Partial<Signed>;

function bySecrets(
  kind: string,
  prove: Prover,
  more: Readonly<Record<string, unknown>> = {},
  form = (text: string) => text,
): PlantedSource {
  const [secret, next] = [form(planted('inbound')), form(planted('inbound'))];
  return {
    verification: { kind, secrets: [secret], ...more },
    next,
    secrets: { secret, next },
    prove: (request, used = secret) => ({ url: request.url, headers: {}, ...prove(request, used) }),
    wrong: form === whsec ? form(planted('other')) : `${secret}x`,
  };
}

const whsec = (text: string) => `whsec_${Buffer.from(text).toString('base64')}`;

/** Each of the vendor's parameters in turn; `URL` escapes nothing that is signed here. */
const withQuery = (url: string, query: string) => `${url}${url.includes('?') ? '&' : '?'}${query}`;

const signedByHub: Prover = ({ body }, secret) => ({
  headers: { 'x-hub-signature-256': `sha256=${hmac('sha256', secret, body).digest('hex')}` },
});

const meta = (): PlantedSource => {
  const verifyToken = planted('verify');
  const source = bySecrets('meta', signedByHub, { verifyToken });
  return { ...source, secrets: { ...source.secrets, verifyToken } };
};

/** Its vendor publishes `keys` at the address of the set. */
export async function plantedToken(keySetUrl: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
    .setExpirationTime('1h')
    .sign(privateKey);
  const source: PlantedSource = {
    verification: { kind: 'jwt', keySetUrl },
    next: null,
    secrets: { token, signature: token.split('.')[2] ?? '' },
    prove: ({ url }, used = token) => ({ url, headers: { authorization: `Bearer ${used}` } }),
    wrong: `${token}x`,
  };
  return { source, keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'EdDSA' }] };
}

/** Every kind but JWT, by what it is called. A further one is a further line. */
export const plantedSources = (): Readonly<Record<string, PlantedSource>> => ({
  'standard-webhooks': bySecrets(
    'standard-webhooks',
    ({ body }, secret) => {
      const message = { id: planted('msg'), sentAt: new Date(), method: 'POST', target: '/', body };
      return { headers: webhookHeaders(message, [{ scheme: 'v1', secret }]) };
    },
    {},
    whsec,
  ),
  stripe: bySecrets('stripe', ({ body }, secret) => {
    const time = seconds();
    return {
      headers: { 'stripe-signature': `t=${time},v1=${hmac('sha256', secret, `${time}.${body}`).digest('hex')}` },
    };
  }),
  github: bySecrets('github', signedByHub),
  shopify: bySecrets('shopify', ({ body }, secret) => ({
    headers: { 'x-shopify-hmac-sha256': hmac('sha256', secret, body).digest('base64') },
  })),
  slack: bySecrets('slack', ({ body }, secret) => {
    const time = seconds();
    const signature = `v0=${hmac('sha256', secret, `v0:${time}:${body}`).digest('hex')}`;
    return { headers: { 'x-slack-request-timestamp': time, 'x-slack-signature': signature } };
  }),
  meta: meta(),
  twilio: bySecrets('twilio', ({ url, body }, secret) => {
    const signed = withQuery(url, `bodySHA256=${createHash('sha256').update(body).digest('hex')}`);
    return { url: signed, headers: { 'x-twilio-signature': hmac('sha1', secret, signed).digest('base64') } };
  }),
  hmac: bySecrets(
    'hmac',
    ({ body }, secret) => ({ headers: { 'x-lab-signature': hmac('sha512', secret, body).digest('base64url') } }),
    { header: 'X-Lab-Signature', algorithm: 'sha512', encoding: 'base64url', template: '{{body}}' },
  ),
  basic: bySecrets(
    'basic',
    (_request, secret) => ({
      headers: { authorization: `Basic ${Buffer.from(`lab:${secret}`).toString('base64')}` },
    }),
    { username: 'lab' },
  ),
  bearer: bySecrets('bearer', (_request, secret) => ({ headers: { authorization: `Bearer ${secret}` } })),
  'key in a header': bySecrets('api-key', (_request, secret) => ({ headers: { 'x-acme-caller': secret } }), {
    in: 'header',
    name: 'X-Acme-Caller',
  }),
  'key in the query': bySecrets('api-key', ({ url }, secret) => ({ url: withQuery(url, `caller=${secret}`) }), {
    in: 'query',
    name: 'caller',
  }),
  mtls: {
    verification: {
      kind: 'mtls',
      trustedProxies: ['127.0.0.0/8'],
      header: 'X-Subject',
      match: 'subject',
      accepted: ['CN=lab'],
    },
    next: null,
    secrets: {},
    prove: ({ url }, used = 'CN=lab') => ({ url, headers: { 'x-subject': used } }),
    wrong: 'CN=other',
  },
  none: {
    verification: { kind: 'none' },
    next: null,
    secrets: {},
    prove: ({ url }) => ({ url, headers: {} }),
    wrong: null,
  },
});
