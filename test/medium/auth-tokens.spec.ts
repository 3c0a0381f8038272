import { createHmac, generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { asLogId, asTenantId } from '../../src/common/ids.js';
import { SECRETS } from '../../src/security/secrets/secret.collection.js';
import { INTEGRATIONS } from '../../src/integrations/integration.collection.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { Database } from '../../src/storage/database.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor, type VendorHabit, type VendorRequest } from '../support/fake-vendor.js';
import { dumpRedis } from '../support/redis-dump.js';
import { redisUrl } from '../support/services.js';
import { startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

/** A vendor with an authorization server in front: it takes the tokens that it gave, until it is told to forget them. */
function guarded(issue: (request: VendorRequest, count: number) => ReturnType<VendorHabit>) {
  const vendor = {
    issued: 0,
    valid: new Set<string>(),
    habit: (request: VendorRequest): ReturnType<VendorHabit> => {
      if (request.url === '/token') return issue(request, (vendor.issued += 1));
      const token = (request.headers.authorization ?? '').replace('Bearer ', '');
      return vendor.valid.has(token) ? { body: { ok: true } } : { status: 401, body: { error: 'token expired' } };
    },
  };
  return vendor;
}

/** Gives `access-1`, `access-2` ... and takes each of them. */
function givingTokens(part: object = {}) {
  const vendor = guarded((_request, count) => {
    vendor.valid.add(`access-${count}`);
    return { body: { access_token: `access-${count}`, token_type: 'Bearer', expires_in: 3_600, ...part } };
  });
  return vendor;
}

describe('credentials that are exchanged or sign', () => {
  let host: TestHost;
  let second: TestHost;
  let vendor: FakeVendor;
  let tenants = 0;

  beforeAll(async () => {
    host = await startTestHost();
    second = await startTestHost({ settings: host.settings });
  });

  afterAll(async () => {
    await second.close({ keepData: true });
    await host.close();
  });

  beforeEach(async () => {
    vendor = await startFakeVendor();
  });

  afterEach(() => vendor.close());

  const auth = (part: object = {}) => ({
    kind: 'oauth2-client-credentials',
    tokenUrl: `${vendor.url}/token`,
    clientId: 'lab 12',
    clientSecret: 'client-secret-1',
    ...part,
  });

  async function integrate(part: object = {}): Promise<string> {
    const tenantId = `lab-token-${++tenants}`;
    await host.createIntegration({ url: `${vendor.url}/patients`, tenantId, auth: auth(), ...part });
    return tenantId;
  }

  async function deliver(tenantId: string, status: 'SUCCESS' | 'FAIL' = 'SUCCESS') {
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId: 'P-1' });
    const log = await host.waitForLog(deliveries[0]?.logId ?? '', status);
    return { log, tries: await host.find(IntegrationLogStore).attemptsOf(log) };
  }

  const tokenRequests = () => vendor.requests.filter(({ url }) => url === '/token');
  const deliveries = () => vendor.requests.filter(({ url }) => url !== '/token');

  it('gets one token for all deliveries of all processes', async () => {
    const authority = givingTokens();
    vendor.answer(authority.habit);
    const tenantId = await integrate();
    await Promise.all(Array.from({ length: 40 }, () => deliver(tenantId)));
    expect(tokenRequests()).toHaveLength(1);
    expect(new Set(deliveries().map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer access-1']));
  });

  it('sends what RFC 6749 asks for: grant, scope, audience, and the secret as basic', async () => {
    vendor.answer(givingTokens().habit);
    await deliver(await integrate({ auth: auth({ scope: 'a b', audience: 'https://api' }) }));
    const [request] = tokenRequests();
    expect(Object.fromEntries(new URLSearchParams(request?.body ?? ''))).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      audience: 'https://api',
    });
    expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded;charset=UTF-8');
    const [scheme, basic = ''] = request?.headers.authorization?.split(' ') ?? [];
    const credentials = Buffer.from(basic, 'base64').toString().split(':');
    // Both parts are form-encoded first (RFC 6749, section 2.3.1).
    expect([scheme, ...credentials.map((part) => new URLSearchParams(`v=${part}`).get('v'))]).toEqual([
      'Basic',
      'lab 12',
      'client-secret-1',
    ]);
  });

  it('sends the secret in the form where the vendor wants it so', async () => {
    vendor.answer(givingTokens().habit);
    await deliver(await integrate({ auth: auth({ clientAuth: 'client_secret_post' }) }));
    const [request] = tokenRequests();
    expect(Object.fromEntries(new URLSearchParams(request?.body ?? ''))).toMatchObject({
      client_id: 'lab 12',
      client_secret: 'client-secret-1',
    });
    expect(request?.headers.authorization).toBeUndefined();
  });

  it.each(['RS256', 'ES256', 'EdDSA'] as const)('signs an assertion by %s that verifies', async (algorithm) => {
    const { privateKey, publicKey } =
      algorithm === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
        : algorithm === 'ES256'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : generateKeyPairSync('ed25519');
    vendor.answer(givingTokens().habit);
    const tenantId = await integrate({
      auth: {
        kind: 'oauth2-client-credentials',
        tokenUrl: `${vendor.url}/token`,
        clientId: 'lab 12',
        clientAuth: 'private_key_jwt',
        privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
        algorithm,
        keyId: 'key-1',
      },
    });
    await deliver(tenantId);
    const form = new URLSearchParams(tokenRequests()[0]?.body ?? '');
    const { payload, protectedHeader } = await jwtVerify(form.get('client_assertion') ?? '', publicKey, {
      audience: `${vendor.url}/token`,
      issuer: 'lab 12',
      subject: 'lab 12',
    });
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    expect([protectedHeader.kid, typeof payload.jti]).toEqual(['key-1', 'string']);
  });

  it('keeps neither secret nor token in clear, anywhere', async () => {
    vendor.answer((request) =>
      request.url === '/token'
        ? givingTokens().habit(request)
        : { body: { echo: request.headers.authorization ?? '' } },
    );
    const { log, tries } = await deliver(await integrate());
    const database = host.find(Database);
    const kept = [
      JSON.stringify([log, tries]),
      JSON.stringify(await database.model(SECRETS).find().lean()),
      JSON.stringify(await database.model(INTEGRATIONS).find().lean()),
      await dumpRedis(redisUrl(), host.settings.redis.prefix ?? ''),
    ].join('\n');
    expect(tries[0]?.request?.headers['authorization']).toBe('***');
    for (const secret of ['access-1', 'client-secret-1']) {
      expect(kept).not.toContain(secret);
      expect(kept).not.toContain(Buffer.from(secret).toString('base64'));
    }
  });

  describe('after a 401 of the vendor', () => {
    it('gets a new token once and calls again in the same try, for all processes', async () => {
      const authority = givingTokens();
      vendor.answer(authority.habit);
      const tenantId = await integrate();
      await deliver(tenantId);
      authority.valid.clear();
      const ended = await Promise.all(Array.from({ length: 20 }, () => deliver(tenantId)));
      expect(ended.map(({ log }) => log.attemptCount)).toEqual(Array(20).fill(1));
      expect(authority.issued).toBe(2);
    });

    it('calls again under the same id and with the same body', async () => {
      const authority = givingTokens();
      vendor.answer(authority.habit);
      const tenantId = await integrate();
      await deliver(tenantId);
      authority.valid.clear();
      const { log } = await deliver(tenantId);
      const calls = deliveries().filter(({ headers }) => headers['webhook-id'] === log._id);
      expect(calls.map(({ headers }) => headers.authorization)).toEqual(['Bearer access-1', 'Bearer access-2']);
      expect(calls[0]?.body).toBe(calls[1]?.body);
    });

    it('tells in the record of the try that there were two calls, and what the first was answered', async () => {
      const authority = givingTokens();
      vendor.answer(authority.habit);
      const tenantId = await integrate();
      const { tries: direct } = await deliver(tenantId);
      expect(direct[0]).not.toHaveProperty('refreshedAfter');
      authority.valid.clear();
      const { log } = await deliver(tenantId);
      const key = await host.createKey(tenantId);
      const { body } = await host.http.get(`/v1/logs/${log._id}`).set('authorization', `Bearer ${key}`).expect(200);
      expect(body.attempts).toMatchObject([
        {
          outcome: 'success',
          response: { status: 200 },
          refreshedAfter: { status: 401, at: expect.any(String), reason: 'token expired' },
        },
      ]);
    });

    it('does not take the first answer for that of a second call that got none', async () => {
      const authority = givingTokens();
      vendor.answer(authority.habit);
      const tenantId = await integrate({
        extracts: { why: 'body.error' },
        retryPolicy: { maxAttempts: 1 },
      });
      await deliver(tenantId);
      authority.valid.clear();
      vendor.answer((request, response) => {
        if (request.headers.authorization !== 'Bearer access-2') return authority.habit(request);
        response.destroy();
        return null;
      });
      const { log, tries } = await deliver(tenantId, 'FAIL');
      expect([log.errorClass, tries[0]?.response]).toEqual(['transient', null]);
      expect(tries[0]).toMatchObject({ refreshedAfter: { status: 401 } });
      expect(tries[0]).not.toHaveProperty('extracts');
    });

    it('keeps no secret that the first answer holds', async () => {
      const authority = givingTokens();
      vendor.answer(authority.habit);
      const tenantId = await integrate();
      await deliver(tenantId);
      authority.valid.clear();
      vendor.answer((request) => {
        if (request.headers.authorization === 'Bearer access-1')
          return { status: 401, body: { error: 'no longer: access-1' } };
        return authority.habit(request);
      });
      const { tries } = await deliver(tenantId);
      expect(tries[0]).toMatchObject({ refreshedAfter: { reason: 'no longer: ***' } });
    });

    it('FAILs as auth where the new one is refused too', async () => {
      vendor.answer(
        guarded((_request, count) => ({ body: { access_token: `access-${count}`, token_type: 'bearer' } })).habit,
      );
      const { log } = await deliver(await integrate(), 'FAIL');
      expect([log.errorClass, log.errorCode, log.attemptCount]).toEqual(['auth', 'HTTP_401', 1]);
      expect([tokenRequests().length, deliveries().length]).toEqual([2, 2]);
    });

    it('does not call twice where there is no token to renew', async () => {
      vendor.answer({ status: 401 });
      const { log } = await deliver(await integrate({ auth: { kind: 'bearer', token: 'fixed' } }), 'FAIL');
      expect([log.errorClass, deliveries().length]).toEqual(['auth', 1]);
    });
  });

  describe('a token endpoint that gives none', () => {
    it('is tried again where it has trouble', async () => {
      const authority = givingTokens();
      let calls = 0;
      vendor.answer((request) => {
        if (request.url === '/token' && ++calls === 1) return { status: 503 };
        return authority.habit(request);
      });
      const { log, tries } = await deliver(await integrate());
      expect(log.attemptCount).toBe(2);
      expect(tries[0]).toMatchObject({
        errorClass: 'transient',
        errorCode: 'TOKEN_ENDPOINT_UNAVAILABLE',
        errorMessage: expect.stringContaining('503'),
      });
      expect(deliveries()).toHaveLength(1);
    });

    const login = () => ({
      kind: 'login',
      url: `${vendor.url}/token`,
      body: { pin: '{{pin}}' },
      credentials: { pin: 'pin-1234' },
      tokenPath: 'access_token',
      prefix: 'Bearer ',
    });

    it.each([
      ['429', 'OAuth', 429, auth],
      ['503', 'OAuth', 503, auth],
      ['429', 'a login', 429, login],
    ])(
      'is not asked again for as long as it says beside %s, by no delivery (%s)',
      async (_code, _kind, status, kind) => {
        const authority = givingTokens();
        const askedAt: number[] = [];
        vendor.answer((request) => {
          if (request.url !== '/token' || askedAt.push(Date.now()) > 1) return authority.habit(request);
          return { status, headers: { 'retry-after': '1' } };
        });
        const tenantId = await integrate({ auth: kind(), traffic: { concurrency: 1 } });
        const all = await Promise.all(Array.from({ length: 4 }, () => deliver(tenantId)));
        expect((askedAt[1] ?? 0) - (askedAt[0] ?? 0)).toBeGreaterThanOrEqual(990);
        expect(askedAt).toHaveLength(2);
        expect(all.flatMap(({ tries }) => tries).filter(({ outcome }) => outcome === 'fail')).toMatchObject([
          { errorClass: 'throttled', errorCode: 'TOKEN_ENDPOINT_THROTTLED', response: null },
        ]);
      },
    );

    it('is asked again a day later at the latest, whatever it says', async () => {
      vendor.answer({ status: 429, headers: { 'retry-after': '9999999' } });
      const tenantId = await integrate();
      const { deliveries: planned } = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId: 'P-1' });
      const log = await eventually(
        () => host.findLog(asLogId(planned[0]?.logId ?? '')),
        (now) => now?.attemptCount === 1,
      );
      const waitMs = (log?.nextAttemptAt?.getTime() ?? 0) - Date.now();
      expect(waitMs).toBeGreaterThan(23 * 3_600_000);
      expect(waitMs).toBeLessThanOrEqual(24 * 3_600_000);
    });

    it('is tried again where nobody listens', async () => {
      const { log } = await deliver(await integrate({ auth: auth({ tokenUrl: 'http://127.0.0.1:9/token' }) }), 'FAIL');
      expect([log.errorClass, log.errorCode, log.attemptCount]).toEqual(['transient', 'TOKEN_ENDPOINT_UNAVAILABLE', 3]);
    });

    it.each([
      ['an unknown client', 401, { error: 'invalid_client' }, 'auth', 'TOKEN_REFUSED', 'invalid_client'],
      [
        'a client without the right',
        400,
        { error: 'unauthorized_client' },
        'auth',
        'TOKEN_REFUSED',
        'unauthorized_client',
      ],
      ['an unknown scope', 400, { error: 'invalid_scope' }, 'config', 'TOKEN_REQUEST_REFUSED', 'invalid_scope'],
      ['no such address', 404, '', 'config', 'TOKEN_REQUEST_REFUSED', '404'],
      ['a web page', 200, '<html>', 'config', 'TOKEN_ANSWER_UNREADABLE', 'access_token'],
      [
        'a token of another type',
        200,
        { access_token: 'a', token_type: 'mac' },
        'config',
        'TOKEN_ANSWER_UNREADABLE',
        'Bearer',
      ],
      ['too much', 200, `{"a":"${'x'.repeat(70_000)}"}`, 'config', 'TOKEN_ANSWER_UNREADABLE', '65536'],
    ])('FAILs at once by %s, with a remedy', async (_case, status, body, errorClass, errorCode, says) => {
      vendor.answer({ status, body });
      const { log, tries } = await deliver(await integrate(), 'FAIL');
      expect([log.errorClass, log.errorCode, log.attemptCount]).toEqual([errorClass, errorCode, 1]);
      expect(log.errorMessage).toContain(says);
      expect(tries[0]?.remedy).toEqual(expect.stringContaining('retry the log'));
      expect(deliveries()).toEqual([]);
    });

    it('is not called where its address is refused by now', async () => {
      const tenantId = await integrate();
      await host
        .find(Database)
        .model(INTEGRATIONS)
        .updateOne(
          { tenantId: asTenantId(tenantId) },
          { $set: { 'auth.settings.tokenUrl': 'http://169.254.169.254/token' } },
        );
      const { log } = await deliver(tenantId, 'FAIL');
      expect([log.errorClass, log.errorCode]).toEqual(['config', 'ADDRESS_REFUSED']);
    });
  });

  it("logs in at a vendor's own address once, and again when the session has ended", async () => {
    let sessions = 0;
    let current = '';
    vendor.answer(({ url, json, headers }) => {
      if (url !== '/login') return { status: headers['x-session'] === `S ${current}` ? 200 : 401 };
      expect(json).toEqual({ user: 'lab-user', password: 'pass"word-1' });
      current = `session-${(sessions += 1)}`;
      return { body: { data: { token: current, ttl: 1_200 } } };
    });
    const tenantId = await integrate({
      auth: {
        kind: 'login',
        url: `${vendor.url}/login`,
        body: { user: '{{username}}', password: '{{password}}' },
        credentials: { username: 'lab-user', password: 'pass"word-1' },
        tokenPath: 'data.token',
        expiresInPath: 'data.ttl',
        header: 'X-Session',
        prefix: 'S ',
      },
    });
    await Promise.all(Array.from({ length: 10 }, () => deliver(tenantId)));
    expect(sessions).toBe(1);
    current = 'none of them';
    const { log, tries } = await deliver(tenantId);
    expect([sessions, log.attemptCount]).toEqual([2, 1]);
    expect(JSON.stringify(tries)).not.toMatch(/session-\d|word-1/);
  });

  it('signs the bytes that it sends', async () => {
    await deliver(
      await integrate({
        auth: {
          kind: 'hmac',
          header: 'X-Signature',
          template: '{{timestamp}}.{{path}}.{{body}}',
          timestampHeader: 'X-Timestamp',
          key: 'hmac-key-1',
        },
        endpoint: { url: `${vendor.url}/p/{{context.patientId}}`, query: { lab: 'ä b' } },
        mapping: '{ "name": "Łukasz 東京" }',
      }),
    );
    const [request] = deliveries();
    const time = String(request?.headers['x-timestamp']);
    const expected = createHmac('sha256', 'hmac-key-1').update(`${time}.${request?.url}.${request?.body}`);
    expect(request?.headers['x-signature']).toBe(expected.digest('hex'));
  });
});
