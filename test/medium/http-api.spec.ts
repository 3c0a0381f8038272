import { ApiClient } from '../support/api-client.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';

describe('the HTTP API', () => {
  let host: TestHost;
  let lab: ApiClient;
  let platform: ApiClient;

  beforeAll(async () => {
    host = await startServerHost({ role: 'api' });
    lab = new ApiClient(host, await host.createKey());
    platform = new ApiClient(host, await host.createKey(null));
  });

  afterAll(() => host.close());

  describe('problems', () => {
    it('have every field of RFC 9457 and ours', async () => {
      const { body, headers, status } = await lab.get('/v1/logs/log_none?tenantId=lab-1');
      expect(status).toBe(404);
      expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(body).toEqual({
        type: 'urn:waybill:problem:log_unknown',
        title: 'There is no such log',
        status: 404,
        detail: 'There is no log log_none',
        instance: '/v1/logs/log_none',
        code: 'LOG_UNKNOWN',
        remedy: expect.any(String),
        correlationId: headers['x-correlation-id'],
      });
    });

    it.each([
      ['no key', undefined],
      ['another scheme', 'Basic d2JrOg=='],
      ['a malformed key', 'Bearer wbk_1'],
      ['an unknown key', `Bearer wbk_${'0'.repeat(16)}_${'a'.repeat(43)}`],
    ])('401 with a challenge: %s', async (_case, authorization) => {
      const request = host.http.get('/v1/logs');
      const { status, body, headers } = await (authorization === undefined
        ? request
        : request.set('authorization', authorization));
      expect(status).toBe(401);
      expect(body.code).toBe('UNAUTHENTICATED');
      expect(headers['www-authenticate']).toContain('Bearer');
    });

    it('401 for a key whose secret is wrong', async () => {
      const key = await host.createKey();
      const wrong = new ApiClient(host, `${key.slice(0, -2)}${key.endsWith('AA') ? 'BB' : 'AA'}`);
      expect((await wrong.get('/v1/logs')).status).toBe(401);
    });

    it('404 for an unknown route, with and without a key', async () => {
      const { body } = await host.http.get('/v2/nothing').expect(404);
      expect(body).toMatchObject({ code: 'ROUTE_UNKNOWN', instance: '/v2/nothing', correlationId: expect.any(String) });
    });

    it('404 that does not repeat the secret of a mistyped address for vendors', async () => {
      const { body } = await host.http.post(`/hook/${'ab'.repeat(16)}.${'Secret_'.repeat(6)}x`).expect(404);
      expect(body).toMatchObject({ detail: 'Cannot POST /hook/***', instance: '/hook/***' });
    });

    it('400 for malformed JSON', async () => {
      const { body, headers } = await lab.post('/v1/events').set('content-type', 'application/json').send('{"action":');
      expect(body).toMatchObject({ status: 400, code: 'BODY_UNREADABLE' });
      expect(headers['x-correlation-id']).toBe(body.correlationId);
    });

    it('400 for a body that is missing, an array, or of another type', async () => {
      const bodies = await Promise.all([
        lab.post('/v1/events'),
        lab.post('/v1/events', []),
        lab.post('/v1/events').set('content-type', 'text/plain').send('hello'),
        lab.post('/v1/integrations'),
      ]);
      expect(bodies.map(({ status, body }) => [status, body.faults?.[0].field])).toEqual(Array(4).fill([400, 'body']));
    });

    it('413 for a large body, naming the limit', async () => {
      const { status, body } = await lab.post('/v1/events', { action: 57, context: { note: 'x'.repeat(1_100_000) } });
      expect(status).toBe(413);
      expect(body).toMatchObject({ code: 'REQUEST_TOO_LARGE', detail: expect.stringContaining('1048576') });
    });

    it('415 for an encoding that is not supported', async () => {
      const { body } = await lab.post('/v1/events').set('content-type', 'application/json; charset=x-none').send('{}');
      expect(body).toMatchObject({ status: 415, code: 'MEDIA_TYPE_UNSUPPORTED' });
    });

    it('403 for what only the platform may do', async () => {
      const refused = await Promise.all([
        lab.get('/v1/tenants'),
        lab.post('/v1/tenants', { id: 'lab-9', name: 'Nine' }),
        lab.post('/v1/actions', {}),
      ]);
      expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
        Array(3).fill([403, 'PLATFORM_KEY_REQUIRED']),
      );
    });
  });

  describe('correlation ids', () => {
    it.each([
      ['a good one is kept', 'abc-DEF_123', true],
      ['a short one is replaced', 'short', false],
      ['one with other characters is replaced', 'abcdefgh"<script>', false],
      ['a long one is replaced', 'a'.repeat(65), false],
    ])('%s', async (_case, id, kept) => {
      for (const path of ['/v1/actions', '/health/live', '/nowhere', '/openapi.json']) {
        const { headers } = await lab.get(path).set('x-correlation-id', id);
        expect(headers['x-correlation-id']).toMatch(/^[\w-]{8,64}$/);
        expect(headers['x-correlation-id'] === id).toBe(kept);
      }
    });
  });

  describe('/v1/tenants', () => {
    it('creates, reads and pages', async () => {
      for (const id of ['t-1', 't-2', 't-3', 't-4'])
        await platform.post('/v1/tenants', { id, name: `T ${id}` }).expect(201);
      const { body } = await platform.get('/v1/tenants/t-2').expect(200);
      expect(body).toEqual({
        id: 't-2',
        name: 'T t-2',
        createdAt: expect.stringMatching(/Z$/),
        retention: { bodyDays: 30, rowDays: 400 },
        redaction: { paths: [], names: [], patterns: [] },
      });
      const items = await platform.all('/v1/tenants', 2);
      expect(items.map(({ id }) => id)).toEqual([LAB, 't-1', 't-2', 't-3', 't-4']);
    });

    it('refuses a second one of the same id, a bad id, an unknown one', async () => {
      await platform.post('/v1/tenants', { id: LAB, name: 'again' }).expect(409);
      const bad = await platform.post('/v1/tenants', { id: 'Lab 1', nmae: 'x' }).expect(400);
      expect(bad.body.faults.map(({ field }: { field: string }) => field).sort()).toEqual(
        expect.arrayContaining(['id', 'name', 'nmae']),
      );
      await platform.get('/v1/tenants/nobody').expect(404);
    });

    it('refuses settings that are no object', async () => {
      const { body } = await platform.patch(`/v1/tenants/${LAB}`, { redaction: null, retention: null }).expect(400);
      expect(body.faults.map(({ field }: { field: string }) => field)).toEqual(['retention', 'redaction']);
    });
  });

  describe('/v1/actions', () => {
    const action = {
      id: 901,
      name: 'bill.generated',
      contextFields: [{ name: 'billId', type: 'string', required: true }],
      intentUrl: 'http://127.0.0.1:9/intent?host=lab&token=hush-hush',
    };

    it('registers an action, shows its secret once, and takes its events', async () => {
      const { body } = await platform.post('/v1/actions', action).expect(201);
      const shown = {
        id: 901,
        name: 'bill.generated',
        description: null,
        source: 'api',
        contextFieldNames: ['billId'],
        registration: {
          contextFields: action.contextFields,
          intentUrl: 'http://127.0.0.1:9/intent?host=lab&token=***',
          createdAt: expect.stringMatching(/Z$/),
          createdBy: expect.stringMatching(/^key [0-9a-f]{16} \(test\)$/),
        },
      };
      expect(body).toEqual({ ...shown, signingSecret: expect.stringMatching(/^whsec_/) });
      const list = await platform.get('/v1/actions').expect(200);
      expect(list.body).toEqual({
        items: [
          {
            id: 57,
            name: 'patient.registered',
            description: 'A patient was registered at the reception desk',
            source: 'code',
            contextFieldNames: ['patientId', 'visit'],
            registration: null,
          },
          shown,
        ],
        nextCursor: null,
      });
      await lab.post('/v1/events', { action: 901, context: { billId: 'B-1' } }).expect(202);
      await lab.post('/v1/events', { action: 901, context: { billId: 1 } }).expect(422);
    });

    it("shows a tenant's key the fields of an action, and not where its host is asked", async () => {
      await platform.post('/v1/actions', { ...action, id: 903, name: 'bill.split' }).expect(201);
      const { body, text } = await lab.get('/v1/actions').expect(200);
      const shown: { id: number }[] = body.items;
      expect(shown.find(({ id }) => id === 903)).toMatchObject({
        contextFieldNames: ['billId'],
        registration: { contextFields: action.contextFields, intentUrl: null },
      });
      expect(text).not.toMatch(/127\.0\.0\.1|hush-hush|whsec_|sec_/);
    });

    it('pages through those of code and those of the API in the order of their ids', async () => {
      for (const id of [3, 1_000_002, 1_000_001])
        await platform.post('/v1/actions', { ...action, id, name: `bill.no-${id}` }).expect(201);
      const ids = (await lab.all('/v1/actions', 2)).map(({ id }) => Number(id));
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      expect(ids).toEqual(expect.arrayContaining([3, 57, 1_000_001, 1_000_002]));
      expect(new Set(ids).size).toBe(ids.length);
      await lab.get('/v1/actions?limit=0').expect(400);
      await lab.get('/v1/actions?cursor=W10').expect(400);
    });

    it.each([
      ['the id of an action in code', { id: 57 }, 409, 'ACTION_EXISTS'],
      ['the name of an action in code', { name: 'patient.registered' }, 409, 'ACTION_EXISTS'],
      ['a private address', { intentUrl: 'http://10.0.0.1/intent' }, 422, 'ADDRESS_REFUSED'],
      ['another scheme', { intentUrl: 'ftp://host/intent' }, 422, 'URL_INVALID'],
      ['a name without a dot', { name: 'bill' }, 400, 'REQUEST_INVALID'],
      ['a field twice', { contextFields: [...action.contextFields, ...action.contextFields] }, 400, 'REQUEST_INVALID'],
      [
        'a field of a tenant',
        { contextFields: [{ name: 'tenantId', type: 'string', required: true }] },
        400,
        'REQUEST_INVALID',
      ],
    ])('refuses %s', async (_case, part, status, code) => {
      const { body, ...response } = await platform.post('/v1/actions', {
        ...action,
        id: 902,
        name: 'bill.paid',
        ...part,
      });
      expect({ status: response.status, code: body.code }).toEqual({ status, code });
    });
  });

  describe('/health', () => {
    it('needs no key', async () => {
      await host.http.get('/health/live').expect(200, { status: 'ok' });
      const { body } = await host.http.get('/health/ready').expect(200);
      expect(body).toEqual({
        status: 'ok',
        mongodb: { ok: true, ms: expect.any(Number) },
        redis: { ok: true, ms: expect.any(Number) },
        late: { integrations: 0, oldestDueAt: null },
        unwritten: { inMemory: 0, inQueue: 0, spoolBytes: 0, stuckSince: null, dropped: 0 },
      });
    });
  });

  it('describes itself, every route of it', async () => {
    const { body } = await host.http.get('/openapi.json').expect(200);
    expect(Object.keys(body.paths).sort()).toEqual([
      '/health/live',
      '/health/ready',
      '/metrics',
      '/v1/actions',
      '/v1/audit',
      '/v1/erasures',
      '/v1/erasures/{id}',
      '/v1/events',
      '/v1/events/again',
      '/v1/events/again/preview',
      '/v1/events/batch',
      '/v1/events/{id}',
      '/v1/failure-groups',
      '/v1/failure-groups/{id}',
      '/v1/integrations',
      '/v1/integrations/{id}',
      '/v1/integrations/{id}/pause',
      '/v1/integrations/{id}/resume',
      '/v1/integrations/{id}/signing-secret/rotate',
      '/v1/integrations/{id}/traffic',
      '/v1/integrations/{id}/versions',
      '/v1/logs',
      '/v1/logs/count',
      '/v1/logs/export',
      '/v1/logs/{id}',
      '/v1/logs/{id}/preview',
      '/v1/logs/{id}/records',
      '/v1/logs/{id}/replay',
      '/v1/logs/{id}/resolve',
      '/v1/logs/{id}/retry',
      '/v1/logs/{id}/unresolve',
      '/v1/retry-batches',
      '/v1/retry-batches/preview',
      '/v1/retry-batches/{id}',
      '/v1/retry-batches/{id}/cancel',
      '/v1/retry-batches/{id}/items',
      '/v1/retry-batches/{id}/items/export',
      '/v1/retry-batches/{id}/pause',
      '/v1/retry-batches/{id}/resume',
      '/v1/sources',
      '/v1/sources/{id}',
      '/v1/sources/{id}/pause',
      '/v1/sources/{id}/resume',
      '/v1/sources/{id}/rotate-address',
      '/v1/sources/{id}/rotate-page',
      '/v1/sources/{id}/versions',
      '/v1/stats',
      '/v1/tenants',
      '/v1/tenants/{id}',
    ]);
    const page = await host.http.get('/docs').redirects(1).expect(200);
    expect(page.text).not.toMatch(/(src|href)="https?:/);
  });
});
