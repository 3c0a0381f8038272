import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { createLocalJWKSet } from 'jose';
import { WEBHOOK_SCHEMES } from '../../security/signatures/standard-webhooks.js';
import type { RawRequest } from './raw-request.js';
import type { VerificationDesk } from './verification-scheme.js';
import { findVerificationScheme, parseVerification, VERIFICATION_KINDS } from './verification-schemes.js';

const run = promisify(execFile);

const CONTEXT = { allowCidrs: ['127.0.0.0/8'], allowedAddresses: ['127.0.0.1'] };
const directory = mkdtempSync(join(tmpdir(), 'worked-examples-'));
const closers: (() => void)[] = [];

afterAll(() => {
  closers.forEach((close) => close());
  rmSync(directory, { recursive: true });
});

const fileWith = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

const pem = (key: KeyObject) => String(key.export({ type: 'pkcs8', format: 'pem' }));

/** A vendor's key for its tokens, and the set in which it is published. */
function tokenKey(alg: string, { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }) {
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'key-1', alg };
  return {
    env: { PRIVATE_KEY: fileWith(`${alg}.pem`, pem(privateKey)), KEY_ID: 'key-1' },
    keySets: { of: () => createLocalJWKSet({ keys: [jwk] }) },
  };
}

interface Case {
  readonly input: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly keySets?: VerificationDesk['keySets'];
  /** What must not pass: by default another secret; `null` where everything does. */
  readonly wrong?: Readonly<Record<string, string>> | null;
}

const secret = 'pa$$"w\'or`d ';
const simple = (input: object, value = secret): Case => ({
  input: { ...input, secrets: ['another', value] },
  env: { SECRET: value },
});

const HMAC = { kind: 'hmac', header: 'X-Signature', template: '{{body}}' };
const JWT = { kind: 'jwt', keySetUrl: 'https://vendor.example/keys' };
const V1 = WEBHOOK_SCHEMES.v1.newKey().shared;
const ED25519 = generateKeyPairSync('ed25519');
const V1A = `whpk_${Buffer.from(createPublicKey(ED25519.privateKey).export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')}`;
const RSA = generateKeyPairSync('rsa', { modulusLength: 2_048 });

const jwtCase = (alg: string, pair: { publicKey: KeyObject; privateKey: KeyObject }, more: object = {}): Case => ({
  input: { ...JWT, algorithms: [alg], ...more },
  ...tokenKey(alg, pair),
  wrong: { KEY_ID: 'key-2' },
});

const CASES: Readonly<Record<string, Case>> = {
  'standard-webhooks v1': {
    input: { kind: 'standard-webhooks', secrets: [V1] },
    env: { SECRET: V1 },
    wrong: { SECRET: WEBHOOK_SCHEMES.v1.newKey().shared },
  },
  'standard-webhooks v1a': {
    input: { kind: 'standard-webhooks', secrets: [V1A] },
    env: { PRIVATE_KEY: fileWith('v1a.pem', pem(ED25519.privateKey)) },
    wrong: { PRIVATE_KEY: fileWith('other.pem', pem(generateKeyPairSync('ed25519').privateKey)) },
  },
  stripe: simple({ kind: 'stripe' }),
  github: simple({ kind: 'github' }),
  shopify: simple({ kind: 'shopify' }),
  slack: simple({ kind: 'slack' }),
  meta: simple({ kind: 'meta', verifyToken: 'x' }),
  twilio: simple({ kind: 'twilio' }),
  'hmac of all parts': simple({
    ...HMAC,
    algorithm: 'sha512',
    encoding: 'base64url',
    prefix: 'it\'s "$1":',
    template: "it's {{method}}\n{{path}} $URL {{url}} {{timestamp}} {{id}} {{bodySha256}} {{body}}",
    timestampHeader: 'X-Time',
    timestampFormat: 'iso',
    idHeader: 'X-Event',
  }),
  'hmac in fields': {
    input: {
      ...HMAC,
      algorithm: 'sha384',
      template: '{{timestamp}}{{body}}',
      signatureField: 's',
      timestampField: 't',
      timestampFormat: 'milliseconds',
      keyEncoding: 'hex',
      secrets: ['00ff', 'CAfe'],
    },
    env: { SECRET: 'CAfe' },
  },
  'hmac by a key in base64': {
    input: { ...HMAC, algorithm: 'sha1', encoding: 'base64', keyEncoding: 'base64', secrets: ['AP8Q+w=='] },
    env: { SECRET: 'AP8Q+w==' },
    wrong: { SECRET: 'AP8Q+g==' },
  },
  basic: simple({ kind: 'basic', username: "l'äb 1" }),
  bearer: simple({ kind: 'bearer' }, 'tok._~+/='),
  'api-key in a header': simple({ kind: 'api-key', in: 'header', name: 'X-Key' }, '"$k\'&'),
  'api-key in the query': simple({ kind: 'api-key', in: 'query', name: 'key' }, '"$k\'&+%'),
  'jwt RS256': jwtCase('RS256', RSA, { issuer: "it's $us", audience: 'way"bill' }),
  'jwt PS384': jwtCase('PS384', RSA, { bodyHashClaim: 'body', bodyHashEncoding: 'base64' }),
  'jwt ES256': jwtCase('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), { bodyHashClaim: 'body' }),
  'jwt ES512': jwtCase('ES512', generateKeyPairSync('ec', { namedCurve: 'P-521' })),
  'jwt EdDSA': jwtCase('EdDSA', ED25519, { header: 'X-Token', prefix: '' }),
  none: { input: { kind: 'none' }, env: {}, wrong: null },
};

function prepared({ input, keySets = { of: () => () => Promise.reject(new Error('no keys')) } }: Case) {
  const parsed = parseVerification(input, CONTEXT);
  const scheme = findVerificationScheme(parsed.kind);
  if (!parsed.ok || !scheme) throw new Error(JSON.stringify(parsed));
  const { value } = parsed;
  return {
    commands: (url: string) => scheme.example(value.settings, url).commands,
    variables: scheme.example(value.settings, 'https://x/').variables.map(({ name }) => name),
    verify: (request: RawRequest) => scheme.verify(request, value, { keySets }),
  };
}

/** Verifies what it gets, as the inbound endpoint does: 204 where it passes, else 401 and the reason. */
const endpoint =
  (of: Case, more: (request: IncomingMessage) => Record<string, string> = () => ({})) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    const verdict = await prepared(of).verify({
      method: request.method ?? '',
      url: `http://${request.headers.host}${request.url}`,
      headers: { ...Object.fromEntries(headers), ...more(request) },
      body: Buffer.concat(chunks),
      receivedAt: new Date(),
      clientIp: '127.0.0.1',
      peerIp: '127.0.0.1',
    });
    if (verdict.ok) response.writeHead(204).end();
    else response.writeHead(401).end(verdict.reason);
  };

async function listening(server: http.Server | https.Server): Promise<number> {
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  return (server.address() as AddressInfo).port;
}

const inShell = async (commands: string, env: Readonly<Record<string, string>>) =>
  (await run('sh', ['-eu', '-c', commands], { env: { PATH: process.env['PATH'], ...env } })).stdout;

describe('the commands of a worked example', () => {
  it.each(Object.entries(CASES))('pass with the right secret, and no other: %s', async (_name, of) => {
    const port = await listening(http.createServer((request, response) => void endpoint(of)(request, response)));
    const { commands, variables } = prepared(of);
    expect(variables.toSorted()).toEqual(Object.keys(of.env).toSorted());
    const text = commands(`http://127.0.0.1:${port}/hooks/hk_1?lab=it's%20%24HOME`);
    expect(await inShell(text, of.env)).toContain('HTTP/1.1 204');
    const { wrong = { SECRET: 'cafe0001' } } = of;
    expect(await inShell(text, { ...of.env, ...wrong })).toContain(`HTTP/1.1 ${wrong ? 401 : 204}`);
  });

  it('pass through a proxy that checks certificates', async () => {
    const [key, cert] = [join(directory, 'client.key'), join(directory, 'client.crt')];
    const subject = ['-subj', '/CN=lab', '-addext', 'subjectAltName=IP:127.0.0.1'];
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject]);
    const files = { key: readFileSync(key), cert: readFileSync(cert), ca: readFileSync(cert) };
    const { fingerprint256 } = new X509Certificate(files.cert);
    const input = { kind: 'mtls', trustedProxies: ['127.0.0.1'], header: 'X-Fingerprint', accepted: [fingerprint256] };
    const told = (request: IncomingMessage): Record<string, string> => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server for TLS
      const { fingerprint256: told256 } = (request.socket as TLSSocket).getPeerCertificate();
      return told256 ? { 'x-fingerprint': told256 } : {};
    };
    const proxy = https.createServer(
      { ...files, requestCert: true, rejectUnauthorized: false },
      (request, response) => void endpoint({ input, env: {} }, told)(request, response),
    );
    const url = `https://127.0.0.1:${await listening(proxy)}/hooks/hk_1`;
    const { commands, variables } = prepared({ input, env: {} });
    expect(variables).toEqual(['CERTIFICATE', 'PRIVATE_KEY']);
    const text = commands(url);
    expect(await inShell(text, { CERTIFICATE: cert, PRIVATE_KEY: key, CURL_CA_BUNDLE: cert })).toContain('204');
    const without = text.replace('--cert "$CERTIFICATE" --key "$PRIVATE_KEY"', '');
    expect(await inShell(without, { CURL_CA_BUNDLE: cert })).toContain('401');
  });

  it('are there for every scheme', () => {
    const shown = Object.values(CASES).map(({ input }) => String(input['kind']));
    expect([...new Set([...shown, 'mtls'])].toSorted()).toEqual(VERIFICATION_KINDS.toSorted());
  });
});
