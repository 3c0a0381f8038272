import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { transformSync } from '@swc/core';
import { Webhook } from 'standardwebhooks';
import { isRecord } from '../../src/common/primitives.js';
import { SourceInput } from '../../src/inbound/sources/source-input.dto.js';
import {
  findVerificationScheme,
  parseVerification,
  VERIFICATION_KINDS,
} from '../../src/inbound/verification/verification-schemes.js';
import { setUpBodyParsers, WaybillModule } from '../../src/index.js';
import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { fieldsOf } from '../support/input-fields.js';
import { signed } from '../support/inbound-sources.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

const PAGE = readFileSync(join(__dirname, '../../docs/inbound.md'), 'utf8');

interface Example {
  readonly settings: Record<string, unknown>;
  /** What the vendor posts; `null` where the page does not say. */
  webhook: { readonly text: string; readonly contentType: string } | null;
  /** What it is answered; `null` where the page does not say. */
  answer: unknown;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  ndjson: 'application/json',
  form: 'application/x-www-form-urlencoded',
};
const BLOCK = /^```(json|ndjson|form) (source|webhook|answer)\n([\s\S]*?)\n```$/gm;

function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  for (const [, format = '', kind, text = ''] of page.matchAll(BLOCK)) {
    const last = examples.at(-1);
    if (kind === 'source') examples.push({ settings: JSON.parse(text), webhook: null, answer: null });
    else if (kind === 'webhook' && last) last.webhook = { text, contentType: CONTENT_TYPES[format] ?? '' };
    else if (last) last.answer = JSON.parse(text);
  }
  return examples;
}

const EXAMPLES = examplesOf(PAGE);

const SWC = {
  swcrc: false,
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
} as const;

/** The class that the page shows, compiled as it stands there. */
function handlerClass(): Type {
  const [, text = ''] = /^```ts handler=\S+\n([\s\S]*?)^```$/m.exec(PAGE) ?? [];
  const exported: Record<string, unknown> = {};
  const load = (name: string): unknown => require(name === 'waybill' ? '../../src/index.js' : name);
  // oxlint-disable-next-line no-implied-eval, no-new-func
  new Function('require', 'exports', transformSync(text, SWC).code)(load, exported);
  const [found] = Object.values(exported);
  if (!isClass(found)) throw new Error('docs/inbound.md has no handler');
  return found;
}

/** What the page has a host do with its application before it listens. */
function hostSetUp(): (app: NestExpressApplication) => void {
  const [, text = ''] = /^```ts main\n[\s\S]*?NestFactory\.create.*\n([\s\S]*?)^await app\.listen/m.exec(PAGE) ?? [];
  // oxlint-disable-next-line no-implied-eval, no-new-func
  return (app) => void new Function('setUpBodyParsers', 'app', text)(setUpBodyParsers, app);
}

const isClass = (value: unknown): value is Type => typeof value === 'function';

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'inbound-docs-'));

function keyFile(name: string, key: KeyObject): string {
  const path = join(directory, name);
  writeFileSync(path, key.export({ type: 'pkcs8', format: 'pem' }));
  return path;
}

/** The key of RFC 8032, section 7.1, test 1, whose public key the page shows. */
const ED25519 = createPrivateKey({
  key: Buffer.from(
    '302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'hex',
  ),
  format: 'der',
  type: 'pkcs8',
});
const OF_TOKENS = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY_SET = { keys: [{ ...OF_TOKENS.publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'ES256' }] };

interface Verification {
  readonly kind: string;
  readonly secrets?: readonly string[];
}

/** What the commands of a worked example read: what the vendor has, and what somebody else has; `null` where anybody passes. */
function variablesOf({ kind, secrets }: Verification): { vendor: Variables; other: Variables | null } {
  const secret = secrets?.at(-1) ?? '';
  if (kind === 'none') return { vendor: {}, other: null };
  if (kind === 'jwt') {
    const vendor = { PRIVATE_KEY: keyFile('tokens.pem', OF_TOKENS.privateKey), KEY_ID: 'key-1' };
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { vendor, other: { ...vendor, PRIVATE_KEY: keyFile('other-tokens.pem', privateKey) } };
  }
  if (secret.startsWith('whpk_')) {
    const { privateKey } = generateKeyPairSync('ed25519');
    return {
      vendor: { PRIVATE_KEY: keyFile('v1a.pem', ED25519) },
      other: { PRIVATE_KEY: keyFile('other-v1a.pem', privateKey) },
    };
  }
  return { vendor: { SECRET: secret }, other: { SECRET: secret.startsWith('whsec_BQ') ? 'whsec_AAAA' : 'cafe0001' } };
}

type Variables = Readonly<Record<string, string>>;

const codeIn = (cell: string) => /^`(.*)`$/.exec(cell)?.[1] ?? null;

const isVerification = (value: unknown): value is Verification => isRecord(value) && typeof value['kind'] === 'string';

/** The settings of each kind, as the page's table has them: name to default. */
function settingsOf(kind: string): Map<string, string | null> {
  const table = [...PAGE.matchAll(/^\| `(\w+)` +\| (`[^|]+`) +\| (.*?) *\| .+ \|$/gm)];
  const rows = table.filter(([, , kinds = '']) => kinds.split(', ').includes(`\`${kind}\``));
  return new Map(rows.map(([, name = '', , value = '']) => [name, codeIn(value)]));
}

describe('docs/inbound.md', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let platform: ApiClient;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    vendor.answer(({ url }) => (url === '/keys' ? { body: KEY_SET } : {}));
    const imports = [WaybillModule.forFeature({ handlers: [handlerClass()] })];
    host = await startTestHost({ imports, prepare: hostSetUp() });
    platform = new ApiClient(host, await host.createKey(null));
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
    rmSync(directory, { recursive: true });
  });

  const [first] = EXAMPLES;

  it.each(EXAMPLES.map((example, index) => [index + 1, example] as const))(
    'example %p is a source, whose webhook is worked on',
    async (number, { settings, webhook, answer }) => {
      const tenantId = await host.createTenant(`lab-docs-${number}`);
      const example = JSON.stringify({ ...first?.settings, ...settings });
      const source: Record<string, unknown> = JSON.parse(
        example.replaceAll(/https:\/\/(?:host|vendor)\.example/g, vendor.url),
      );
      const { body: created } = await platform.post('/v1/sources', { tenantId, ...source }).expect(201);
      const { verification: _verification, ...readable } = source;
      expect(created).toMatchObject(readable);
      if (isVerification(settings['verification']) && isVerification(source['verification']))
        await expectVerified(created.address, source['verification']);
      if (webhook === null) return;
      const accepted = { id: expect.stringMatching(/^log_/) };
      const { text, contentType } = webhook;
      const answered = await host.http
        .post(created.address)
        .set({ ...signed(text, `msg_${randomUUID()}`), 'content-type': contentType })
        .send(text);
      expect([answered.status, answered.body]).toEqual(answer === null ? [202, accepted] : [200, answer]);
      const [log] = await host.logs(tenantId);
      await host.waitForLog(answered.body.id ?? log?.parentLogId ?? log?._id, 'SUCCESS');
      if (created.forwardSecret !== null) expectForwarded(text, created.forwardSecret);
    },
  );

  /** As the vendor's developer would, who has the commands of the kind, and as somebody else would. */
  async function expectVerified(address: string, verification: Verification): Promise<void> {
    if (verification.kind === 'mtls') return expectCertificateTaken(address, verification);
    const { vendor: own, other } = variablesOf(verification);
    const context = { allowCidrs: ['127.0.0.0/8'], allowedAddresses: ['127.0.0.0/8'] };
    const parsed = parseVerification(verification, context);
    const scheme = findVerificationScheme(verification.kind);
    if (!parsed.ok || !scheme) throw new Error(JSON.stringify(parsed));
    const { commands } = scheme.example(parsed.value.settings, `${host.url}${address}`);
    const statusOf = async (env: Variables) => {
      const { stdout } = await run('sh', ['-eu', '-c', commands], { env: { PATH: process.env['PATH'], ...env } });
      return Number(/^HTTP\/1.1 (\d+)/.exec(stdout)?.[1]);
    };
    expect([await statusOf(own), other && (await statusOf(other))]).toEqual([202, other && 401]);
  }

  /** What the proxy writes; that the commands pass through one is in `worked-examples.spec.ts`. */
  async function expectCertificateTaken(address: string, verification: object): Promise<void> {
    const { header, accepted, verdictHeader } = Object.fromEntries(Object.entries(verification));
    const call = (certificate: string) =>
      host.http
        .post(address)
        .set({ [header]: certificate, [verdictHeader]: 'SUCCESS' })
        .send({ type: 'result.ready' });
    await call(accepted[0]).expect(202);
    await call(accepted[0].replace('4', '5')).expect(401);
  }

  function expectForwarded(webhook: string, secret: string): void {
    const { body, headers } = vendor.requests.at(-1) ?? { body: '', headers: {} };
    expect(body).toBe(webhook);
    const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    expect(new Webhook(secret).verify(body, Object.fromEntries(texts))).toEqual(JSON.parse(webhook));
  }

  const SETTINGS_OF_SOURCE = PAGE.slice(0, PAGE.indexOf('\n## Verification\n'));
  const rows = new Map(
    [...SETTINGS_OF_SOURCE.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm)].map(([, name = '', value = '']) => [
      name,
      codeIn(value),
    ]),
  );

  it('has a row for every setting of a source, with its default', () => {
    const defaults = Object.entries(new SourceInput()).filter(([, value]) => value !== undefined);
    expect([...rows.keys()].toSorted()).toEqual(
      [...defaults.map(([name]) => name), 'name', 'vendor', 'verification'].toSorted(),
    );
    const shown = defaults.filter(([name]) => rows.get(name) !== null);
    expect(shown.map(([name]) => [name, JSON.parse(rows.get(name) ?? '')])).toEqual(shown);
  });

  it('has an example of every setting', () => {
    const named = new Set(EXAMPLES.flatMap(({ settings }) => Object.keys(settings)));
    expect([...rows.keys()].filter((name) => !named.has(name))).toEqual([]);
  });

  const VERIFICATIONS = EXAMPLES.flatMap(({ settings: { verification } }) =>
    isVerification(verification) ? [verification] : [],
  );

  it('shows every kind of verification', () => {
    expect([...new Set(VERIFICATIONS.map(({ kind }) => kind))].toSorted()).toEqual(VERIFICATION_KINDS.toSorted());
    const [table = ''] = /^\| `kind`[\s\S]*?\n\n/m.exec(PAGE) ?? [];
    const listed = [...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, kind]) => kind);
    expect(listed).toEqual(['kind', ...VERIFICATION_KINDS]);
  });

  it.each(VERIFICATION_KINDS)('has a row and an example for every setting of %s, with its default', (kind) => {
    const input = findVerificationScheme(kind)?.input;
    if (!input) throw new Error(`There is no ${kind}`);
    const defaults = new Map(Object.entries(new input()).filter(([, value]) => value !== undefined));
    const settings = settingsOf(kind);
    const shown = new Map([...settings].map(([name, value]) => [name, value === null ? undefined : JSON.parse(value)]));
    expect(shown).toEqual(new Map(fieldsOf(input).map((name) => [name, defaults.get(name)])));
    const inExamples = new Set(VERIFICATIONS.flatMap((one) => (one.kind === kind ? Object.keys(one) : [])));
    expect([...settings.keys()].filter((name) => !inExamples.has(name))).toEqual([]);
  });
});
