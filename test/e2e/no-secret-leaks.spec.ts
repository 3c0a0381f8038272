import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, mongo } from 'mongoose';
import { placeOf } from '../../src/security/secrets/secret-place.js';
import { parseSecretKeys, SecretCipher } from '../../src/security/secrets/secret-cipher.js';
import { SECRETS, type StoredSecret } from '../../src/security/secrets/secret.collection.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor, type VendorHabit } from '../support/fake-vendor.js';
import { formsOf, isSignedBy, isSignedFor, planted, plantedUses } from '../support/planted-secrets.js';
import { dumpRedis } from '../support/redis-dump.js';
import { runKeysCommand, ServerProcess } from '../support/server-process.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';

/** Secrets that no integration uses: name to value. What they are called in messages of this test. */
const PLANTED = {
  databasePassword: planted('mongodb'),
  redisPassword: planted('redis'),
  secretKey: randomBytes(32).toString('base64'),
  vendorIssued: planted('issued'),
  mapped: planted('mapped'),
};

/** How a vendor behaves that has the secret in its hands, by the path that it is called at. */
const HABITS = ['echo', 'redirect', 'error', 'refuse', 'hang-up'] as const;

const STATUS_OF: Readonly<Record<string, number>> = { error: 400, refuse: 401 };

const certificate = (name: string) => readFileSync(join(__dirname, `../support/certificates/${name}.pem`), 'utf8');

const ACTION = {
  id: 900,
  name: 'sample.collected',
  contextFields: [{ name: 'sampleId', type: 'string', required: true }],
};

describe('secrets that were entered', () => {
  const base = `${mongodbUri().replace(/\/$/, '')}/${freshDatabaseName('leaks')}`;
  const prefix = freshPrefix('leaks');
  const answers: string[] = [];
  const secrets: Record<string, string> = { ...PLANTED };
  let vendor: FakeVendor;
  let tlsVendor: FakeVendor;
  let tokens: FakeVendor;
  let intent: FakeVendor;
  let proxy: FakeVendor;
  let server: ServerProcess;
  let key = '';

  beforeAll(async () => {
    [vendor, intent, proxy, tokens] = await Promise.all([
      startFakeVendor(),
      startFakeVendor(),
      startFakeVendor(),
      startFakeVendor(),
    ]);
    const tls = { cert: certificate('server'), key: certificate('server.key'), ca: certificate('authority') };
    tlsVendor = await startFakeVendor({ tls: { ...tls, requestCert: true, rejectUnauthorized: true } });
    const env = {
      // The only password that a server without authentication takes no notice of.
      MONGODB_URI: `${base}?tlsCertificateKeyFilePassword=${PLANTED.databasePassword}`,
      REDIS_URL: redisUrl().replace('redis://', `redis://default:${PLANTED.redisPassword}@`),
      WAYBILL_REDIS_PREFIX: prefix,
      WAYBILL_SECRET_KEYS: `k1:${PLANTED.secretKey}`,
      WAYBILL_ALLOW_CIDRS: '127.0.0.0/8',
      WAYBILL_LOG_LEVEL: 'trace',
      HTTP_PROXY: proxy.url,
      http_proxy: proxy.url,
      NODE_USE_ENV_PROXY: '1',
      NO_PROXY: '',
    };
    key = (await runKeysCommand(['create', '--platform', '--name', 'e2e'], env)).trim();
    secrets['apiKey'] = key.split('_').slice(2).join('_');
    server = await ServerProcess.start(env);
    setHabits();
    await call('POST', '/v1/tenants', { id: 'lab-1', name: 'Lab one' });
    const registered = await call('POST', '/v1/actions', { ...ACTION, intentUrl: intent.url }, 'shown once');
    secrets['signing'] = String(registered['signingSecret']);
  });

  afterAll(async () => {
    await server.end('SIGKILL');
    await Promise.all([vendor, tlsVendor, tokens, intent, proxy].map((one) => one.close()));
    const connection = await createConnection(base).asPromise();
    await connection.dropDatabase();
    await connection.close();
  });

  function setHabits(): void {
    const habit: VendorHabit = ({ url, headers, body }, response) => {
      const how = url.split(/[/?]/)[1] ?? '';
      const echo = { url, headers, body, access_token: PLANTED.vendorIssued };
      if (how === 'hang-up') {
        response.destroy();
        return null;
      }
      if (how === 'redirect') {
        const credential = encodeURIComponent(headers.authorization ?? url);
        return { status: 302, headers: { location: `https://elsewhere.example${url}&was=${credential}` } };
      }
      const issued = { 'set-cookie': `session=${PLANTED.vendorIssued}` };
      return { status: STATUS_OF[how] ?? 200, headers: issued, body: echo };
    };
    vendor.answer(habit);
    tlsVendor.answer(habit);
    // An intent that fails with a secret in its message, for one sample; data with a secret in it for the others.
    intent.answer(({ body, headers }) =>
      body.includes('S-fails')
        ? { status: 422, body: { message: `cannot log in with ${PLANTED.mapped}`, headers } }
        : { body: { tube: 'EDTA', portal: { password: PLANTED.mapped } } },
    );
  }

  /** The answer to a call, kept for the search unless it is the one that shows its secret on purpose. */
  async function call(
    method: string,
    path: string,
    body?: object,
    shows?: 'shown once',
  ): Promise<Record<string, unknown>> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (shows === undefined) answers.push(JSON.stringify([...response.headers]), text);
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { status: response.status, ...parsed } : {};
  }

  async function emit(sampleId: string): Promise<void> {
    await call('POST', '/v1/events', { action: ACTION.name, context: { tenantId: 'lab-1', sampleId } });
  }

  /** All logs of a sample once none waits any more, with all that the API tells of them. */
  async function readLogs(sampleId: string, count: number): Promise<void> {
    const path = `/v1/logs?tenantId=lab-1&limit=100&context[sampleId]=${sampleId}`;
    const list = await eventually(
      async () => JSON.parse(JSON.stringify(await call('GET', path))),
      ({ items }) => items.length === count && items.every((item: { status: string }) => item.status !== 'QUEUED'),
      60_000,
    );
    for (const { id } of list.items) await call('GET', `/v1/logs/${id}?tenantId=lab-1`);
  }

  /** All of the database as text, but for what is encrypted or hashed. */
  async function dumpDatabase(): Promise<string> {
    const connection = await createConnection(base).asPromise();
    const collections = (await connection.db?.listCollections().toArray()) ?? [];
    const texts: string[] = [];
    for (const { name } of collections) {
      const documents = await connection.collection(name).find().toArray();
      texts.push(...documents.map((document) => `${name} ${mongo.BSON.EJSON.stringify(document)}`));
    }
    await connection.close();
    return texts.join('\n');
  }

  /** What is encrypted in the database: some secrets are made there, and never shown. */
  async function revealStored(): Promise<string[]> {
    const cipher = new SecretCipher(parseSecretKeys(`k1:${PLANTED.secretKey}`));
    const connection = await createConnection(base).asPromise();
    const stored = await connection.collection<StoredSecret>(SECRETS.name).find().toArray();
    await connection.close();
    return stored.map((one) => cipher.decrypt(one, placeOf(one.tenantId, one._id)));
  }

  function requireNoSecretIn(where: string, text: string): void {
    const found = Object.entries(secrets).filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)));
    expect({ where, found: found.map(([name]) => name) }).toEqual({ where, found: [] });
  }

  const integration = (name: string, url: string, part: object) => ({
    tenantId: 'lab-1',
    actionId: ACTION.id,
    name,
    vendor: 'EHR',
    endpoint: { url },
    mapping: '{ "tube": data.tube, "password": data.portal.password, "deep": [{ "apiKey": data.portal.password }] }',
    retryPolicy: { maxAttempts: 2, baseDelayMs: 10, maxDelayMs: 10 },
    ...part,
  });

  it('stand in no output, no document, no key of Redis, no metric and no answer after every way a delivery can go', async () => {
    const uses = plantedUses(tokens.url);
    tokens.answer(({ url }) => ({
      body: { access_token: uses[url.slice(1)]?.token, token_type: 'bearer', expires_in: 3_600 },
    }));
    for (const [name, use] of Object.entries(uses)) {
      for (const [part, secret] of Object.entries(use.secrets)) secrets[`${name} ${part}`] = secret;
      const { url } = use.part['tls'] ? tlsVendor : vendor;
      for (const how of HABITS) {
        const wanted = integration(`${name} ${how}`, `${url}/${how}/${name}?a=1`, use.part);
        expect(await call('POST', '/v1/integrations', wanted)).toMatchObject({ status: 201 });
      }
      // A secret at a wrong place, and a wrong integration: the refusal quotes neither.
      const [secret = ''] = Object.values(use.secrets);
      await call('POST', '/v1/integrations', {
        auth: { kind: 'bearer', token: 'x', extra: secret },
        ...use.part,
        endpoint: { url: `https://u:${encodeURIComponent(secret)}@x/` },
      });
    }
    const signed = await call(
      'POST',
      '/v1/integrations',
      integration('signed', `${vendor.url}/echo/signed`, {
        signing: { schemes: ['v1', 'v1a'] },
        statusCallback: { url: `${vendor.url}/echo/status` },
      }),
      'shown once',
    );
    const [whsec, whpk] = JSON.parse(JSON.stringify(signed['newSigningKeys'])).map(
      ({ key: made }: { key: string }) => made,
    );
    secrets['whsec'] = whsec;
    secrets['statusCallbackSecret'] = String(signed['statusCallbackSecret']);
    secrets['whsk'] = (await revealStored()).find((secret) => secret.startsWith('whsk_')) ?? '';

    const count = Object.keys(uses).length * HABITS.length + 1;
    await emit('S-1');
    await emit('S-fails');
    await readLogs('S-1', count);
    await readLogs('S-fails', count);
    await call('GET', '/v1/integrations?tenantId=lab-1&limit=100');
    await call('GET', '/v1/actions');
    await call('GET', '/v1/nothing');
    const wrongKey = await fetch(`${server.url}/v1/actions?token=${key}`, {
      headers: { authorization: `Basic ${key}` },
    });
    answers.push(await wrongKey.text());

    for (const [name, use] of Object.entries(uses)) {
      const ofUse = ({ url }: { url: string }) => url.split(/[/?]/).includes(name);
      const atVendor = [...vendor.requests, ...tlsVendor.requests].filter(ofUse);
      const used = await use.used({ atVendor, atTokens: tokens.requests.filter(ofUse) });
      expect([name, used]).toEqual([name, Object.keys(use.secrets)]);
    }
    const [delivered] = await vendor.waitFor(({ url }) => url === '/echo/signed');
    const [told] = await vendor.waitFor(({ url }) => url === '/echo/status');
    expect(delivered && isSignedBy(delivered, whsec) && isSignedFor(delivered, whpk)).toBe(true);
    expect(secrets['whsk']).toMatch(/^whsk_/);
    expect(told && isSignedBy(told, secrets['statusCallbackSecret'])).toBe(true);

    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/waybill_deliveries_ended_total\{status="FAIL",error_class="auth"\} [1-9]/);
    requireNoSecretIn('the metrics', metrics);
    expect(metrics).not.toMatch(/lab-1|S-1|int_|sample|EHR/);
    requireNoSecretIn('the answers of the API', answers.join('\n'));
    requireNoSecretIn('Redis', await dumpRedis(redisUrl(), prefix));
    requireNoSecretIn('MongoDB', await dumpDatabase());
    await server.end('SIGTERM');
    expect(server.said()).toContain('Waybill has started');
    requireNoSecretIn('the output', server.said());
    expect(proxy.requests).toEqual([]);
  });
});
