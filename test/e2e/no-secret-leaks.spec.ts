import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, mongo } from 'mongoose';
import { VERIFICATION_KINDS } from '../../src/inbound/verification/verification-schemes.js';
import { placeOf } from '../../src/security/secrets/secret-place.js';
import { parseSecretKeys, SecretCipher } from '../../src/security/secrets/secret-cipher.js';
import { SECRETS, type StoredSecret } from '../../src/security/secrets/secret.collection.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor, type VendorHabit } from '../support/fake-vendor.js';
import { type PlantedSource, plantedSources, plantedToken } from '../support/planted-sources.js';
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

interface Source {
  readonly id: string;
  readonly address: string;
  readonly page: string;
}

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

  /** A source, and what is shown of it this once. */
  async function createSource(name: string, verification: object, part: object = {}): Promise<Source> {
    const source = {
      ...{ tenantId: 'lab-1', name, vendor: 'acme-lab', verification, allowCidrs: ['127.0.0.0/8'] },
      ...{ keepsRefusedBodies: true, retryPolicy: { maxAttempts: 1 } },
      ...{ handling: { kind: 'forward', url: `${vendor.url}/echo/forwarded` } },
    };
    const created = await call('POST', '/v1/sources', { ...source, ...part }, 'shown once');
    expect([name, created['status']]).toEqual([name, 201]);
    const [id, address, page] = [created['id'], created['address'], created['pageAddress']].map(String);
    const { forwardSecret } = created;
    if (typeof forwardSecret === 'string') secrets[`${name} forward`] = forwardSecret;
    return { id: id ?? '', address: plantAddress(name, address), page: plantAddress(name, page) };
  }

  function plantAddress(name: string, address: unknown): string {
    const [, place = '', token = ''] = String(address).split('/');
    expect(token).toMatch(/^[0-9a-f]{32}\.[\w-]{43}$/);
    secrets[`${name} ${place} ${Object.keys(secrets).length}`] = token;
    return String(address);
  }

  /** A call of a vendor: its status. */
  async function post(address: string, { prove }: PlantedSource, secret?: string): Promise<number> {
    const body = JSON.stringify({ type: 'result.ready', sampleId: randomUUID() });
    const { url, headers } = prove({ url: `${server.url}${address}`, body }, secret);
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    answers.push(JSON.stringify([...answer.headers]), await answer.text());
    return answer.status;
  }

  /** As Meta does before it sends anything: with the token that was entered there, and with another. */
  async function ask(address: string, { secrets: { verifyToken } }: PlantedSource): Promise<void> {
    if (verifyToken === undefined) return;
    const statuses: number[] = [];
    for (const token of [verifyToken, `${verifyToken}x`]) {
      const query = `hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`;
      const answer = await fetch(`${server.url}${address}?${query}`);
      answers.push(JSON.stringify([...answer.headers]), await answer.text());
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([200, 401]);
  }

  /** The page shows the address and its own on purpose, and no other secret. */
  async function readPage({ address, page }: Source): Promise<void> {
    const answer = await fetch(`${server.url}${page}`);
    expect(answer.status).toBe(200);
    const html = await answer.text();
    expect(html).toContain(address);
    answers.push(JSON.stringify([...answer.headers]), html.replaceAll(address, '').replaceAll(page, ''));
  }

  async function useSource(name: string, use: PlantedSource): Promise<void> {
    for (const [part, secret] of Object.entries(use.secrets)) secrets[`${name} ${part}`] = secret;
    const source = await createSource(name, use.verification);
    const of = (path: string) => `/v1/sources/${source.id}${path}?tenantId=lab-1`;
    const nobody: PlantedSource = { ...use, prove: ({ url }) => ({ url, headers: {} }) };
    const [first, check] = [source.address, `${source.page}/check`];
    const refused = use.wrong === null ? [] : [use.wrong];
    expect([name, await post(first, use)]).toEqual([name, 202]);
    for (const wrong of refused) {
      expect([name, await post(first, use, wrong)]).toEqual([name, 401]);
      expect([name, await post(first, nobody)]).toEqual([name, 401]);
    }
    for (const secret of [undefined, ...refused]) expect([name, await post(check, use, secret)]).toEqual([name, 200]);
    for (const astray of ['x', '/more', '?page=1#x']) await post(`${first}${astray}`, use);
    await ask(first, use);
    await readPage(source);

    if (use.next !== null) {
      const both = { ...use.verification, secrets: [...Object.values(use.secrets).slice(0, 2)] };
      expect(await call('PATCH', of(''), { verification: both })).toMatchObject({ status: 200 });
      expect([name, await post(first, use, use.next)]).toEqual([name, 202]);
    }
    const rotated = await call('POST', of('/rotate-address'), {}, 'shown once');
    const second = plantAddress(name, rotated['address']);
    const paged = await call('POST', of('/rotate-page'), {}, 'shown once');
    await readPage({ ...source, address: second, page: plantAddress(name, paged['pageAddress']) });
    for (const address of [first, second]) expect([name, await post(address, use)]).toEqual([name, 202]);
    for (const path of ['', '/versions']) expect(await call('GET', of(path))).toMatchObject({ status: 200 });
    await readWebhooks(source.id);
  }

  /** All webhooks of a source once none waits any more, with all that the API tells of them; one of them once more. */
  async function readWebhooks(id: string): Promise<void> {
    const path = `/v1/logs?tenantId=lab-1&limit=100&integrationId=${id}`;
    const read = () =>
      eventually(
        async () => JSON.parse(JSON.stringify(await call('GET', path))),
        ({ items }) => items.length > 0 && items.every((item: { status: string }) => item.status !== 'QUEUED'),
        60_000,
      );
    for (const { id: logId, status } of (await read()).items) {
      await call('GET', `/v1/logs/${logId}?tenantId=lab-1`);
      await call('POST', `/v1/logs/${logId}/preview?tenantId=lab-1`, {});
      if (status === 'SUCCESS')
        await call('POST', `/v1/logs/${logId}/replay?tenantId=lab-1`, { reason: 'its handler was wrong' });
    }
    for (const { id: logId } of (await read()).items) await call('GET', `/v1/logs/${logId}?tenantId=lab-1`);
  }

  /** Sources that are refused quote nothing. */
  async function refuseSources(use: PlantedSource): Promise<void> {
    const [secret = ''] = Object.values(use.secrets);
    for (const verification of [
      { ...use.verification, colour: secret },
      { ...use.verification, secrets: `${secret} ` },
      { kind: secret },
    ])
      expect(
        await call('POST', '/v1/sources', { tenantId: 'lab-1', name: 'a', vendor: 'b', verification }),
      ).toMatchObject({ status: 422 });
  }

  async function useSources(keysOf: (keys: object[]) => void): Promise<void> {
    const token = await plantedToken(`${tokens.url}/keys`);
    keysOf(token.keys);
    const sources: Record<string, PlantedSource> = { ...plantedSources(), jwt: token.source };
    const kinds = Object.values(sources).map(({ verification }) => String(verification['kind']));
    expect([...new Set(kinds)].toSorted()).toEqual(VERIFICATION_KINDS.toSorted());
    await Promise.all(
      Object.entries(sources).map(async ([name, use]) => {
        await useSource(name, use);
        await refuseSources(use);
        const handling = { kind: 'emit', actionId: ACTION.id, mapping: '$error($string($))' };
        const telling = await createSource(`${name} that fails`, use.verification, { handling });
        expect([name, await post(telling.address, use)]).toEqual([name, 202]);
        await readWebhooks(telling.id);
      }),
    );
    await call('GET', '/v1/sources?tenantId=lab-1&limit=100');
    const forwarded = await vendor.waitFor(({ url }) => url === '/echo/forwarded');
    const signing = Object.entries(secrets).filter(([name]) => name.endsWith(' forward'));
    expect(signing).toHaveLength(Object.keys(sources).length);
    expect(signing.filter(([, secret]) => !forwarded.some((request) => isSignedBy(request, secret)))).toEqual([]);
  }

  it('stand in no output, no document, no key of Redis, no metric and no answer after every way a delivery and a webhook can go', async () => {
    const uses = plantedUses(tokens.url);
    let keys: object[] = [];
    tokens.answer(({ url }) => ({
      body: { access_token: uses[url.slice(1)]?.token, token_type: 'bearer', expires_in: 3_600, keys },
    }));
    await useSources((published) => (keys = published));
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
