import { randomBytes } from 'node:crypto';
import { createConnection, mongo } from 'mongoose';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { dumpRedis } from '../support/redis-dump.js';
import { runKeysCommand, ServerProcess } from '../support/server-process.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';

const planted = (name: string) => `planted-${name}-${randomBytes(6).toString('hex')}`;

/** Every kind of authentication with a secret that is found nowhere else. A further kind is a further line. */
const AUTHS: Readonly<Record<string, { readonly auth: Readonly<Record<string, string>>; readonly secret: string }>> = {
  bearer: withSecret((secret) => ({ kind: 'bearer', token: secret })),
  basic: withSecret((secret) => ({ kind: 'basic', username: 'lab', password: secret })),
  header: withSecret((secret) => ({ kind: 'api-key', in: 'header', name: 'X-Lab-Key', value: secret })),
  query: withSecret((secret) => ({ kind: 'api-key', in: 'query', name: 'code', value: `${secret}~!'()` })),
};

/** Other places where a secret can be: name to value. What they are called in messages of this test. */
const PLANTED = {
  databasePassword: planted('mongodb'),
  redisPassword: planted('redis'),
  secretKey: randomBytes(32).toString('base64'),
  vendorIssued: planted('issued'),
  mapped: planted('mapped'),
};

function withSecret(make: (secret: string) => Readonly<Record<string, string>>) {
  const secret = planted('auth');
  return { auth: make(secret), secret };
}

/** How a vendor behaves that has the secret in its hands, by the path that it is called at. */
const HABITS = ['/echo', '/redirect', '/error', '/hang-up'] as const;

/** A secret in any form in which it could be found: as it is, encoded for a URL, in base64, whole or after `user:`. */
function formsOf(secret: string): string[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '');
  return [secret, encodeURIComponent(secret), base64(secret), base64(`lab:${secret}`), base64(`:${secret}`)];
}

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
  let intent: FakeVendor;
  let proxy: FakeVendor;
  let server: ServerProcess;
  let key = '';

  beforeAll(async () => {
    [vendor, intent, proxy] = await Promise.all([startFakeVendor(), startFakeVendor(), startFakeVendor()]);
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
    await Promise.all([vendor.close(), intent.close(), proxy.close()]);
    const connection = await createConnection(base).asPromise();
    await connection.dropDatabase();
    await connection.close();
  });

  function setHabits(): void {
    vendor.answer(({ url, headers, body }, response) => {
      const path = url.split('?')[0] ?? '';
      const echo = { url, headers, body, access_token: PLANTED.vendorIssued };
      if (path === '/hang-up') {
        response.destroy();
        return null;
      }
      if (path === '/redirect') {
        const credential = encodeURIComponent(headers.authorization ?? url);
        return { status: 302, headers: { location: `https://elsewhere.example${url}&was=${credential}` } };
      }
      const issued = { 'set-cookie': `session=${PLANTED.vendorIssued}` };
      return { status: path === '/error' ? 400 : 200, headers: issued, body: echo };
    });
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

  /** All logs once none waits any more, with all that the API tells of them. */
  async function readLogs(count: number): Promise<void> {
    const list = await eventually(
      async () => JSON.parse(JSON.stringify(await call('GET', '/v1/logs?tenantId=lab-1&limit=100'))),
      ({ items }) => items.length === count && items.every((item: { status: string }) => item.status !== 'QUEUED'),
      30_000,
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

  function requireNoSecretIn(where: string, text: string): void {
    const found = Object.entries(secrets).filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)));
    expect({ where, found: found.map(([name]) => name) }).toEqual({ where, found: [] });
  }

  it('stand in no output, no document, no key of Redis and no answer after every way a delivery can go', async () => {
    for (const [name, { auth, secret }] of Object.entries(AUTHS)) {
      secrets[name] = secret;
      for (const path of HABITS) {
        const created = await call('POST', '/v1/integrations', {
          tenantId: 'lab-1',
          actionId: ACTION.id,
          name: `${name} ${path}`,
          vendor: 'EHR',
          endpoint: { url: `${vendor.url}${path}?a=1` },
          mapping:
            '{ "tube": data.tube, "password": data.portal.password, "deep": [{ "apiKey": data.portal.password }] }',
          auth,
          retryPolicy: { maxAttempts: 2, baseDelayMs: 10, maxDelayMs: 10 },
        });
        expect(created['status']).toBe(201);
      }
      // A secret at a wrong place, and a wrong integration: the refusal quotes neither.
      await call('POST', '/v1/integrations', {
        auth: { ...auth, extra: secret },
        endpoint: { url: `https://u:${secret}@x/` },
      });
    }
    await emit('S-1');
    await emit('S-fails');
    await readLogs(Object.keys(AUTHS).length * HABITS.length * 2);
    await call('GET', '/v1/integrations?tenantId=lab-1');
    await call('GET', '/v1/actions');
    await call('GET', '/v1/nothing');
    const wrongKey = await fetch(`${server.url}/v1/actions?token=${key}`, {
      headers: { authorization: `Basic ${key}` },
    });
    answers.push(await wrongKey.text());

    for (const { secret } of Object.values(AUTHS)) {
      const received = vendor.requests.some(({ url, headers }) =>
        formsOf(secret).some((form) => `${url} ${JSON.stringify(headers)}`.includes(form)),
      );
      expect(received).toBe(true);
    }
    requireNoSecretIn('the answers of the API', answers.join('\n'));
    requireNoSecretIn('Redis', await dumpRedis(redisUrl(), prefix));
    requireNoSecretIn('MongoDB', await dumpDatabase());
    await server.end('SIGTERM');
    expect(server.said()).toContain('Waybill has started');
    requireNoSecretIn('the output', server.said());
    expect(proxy.requests).toEqual([]);
  });
});
