import { DEFAULT_TRAFFIC } from '../../src/integrations/traffic.js';
import { asIntegrationId } from '../../src/common/ids.js';
import { INTEGRATIONS } from '../../src/integrations/integration.collection.js';
import { IntegrationDirectory } from '../../src/integrations/integration-directory.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';

const CRM = {
  actionId: 57,
  name: 'New patients',
  vendor: 'CRM',
  endpoint: { url: 'http://127.0.0.1:9/patients/{{context.patientId}}', headers: { 'x-source': 'lab' } },
  auth: { kind: 'api-key', in: 'header', name: 'X-Api-Key', value: 'hush-hush-4711' },
  mapping: '{ "name": data.name }',
};

describe('/v1/integrations', () => {
  let host: TestHost;
  let lab: ApiClient;
  let other: ApiClient;
  let platform: ApiClient;

  beforeAll(async () => {
    host = await startServerHost({ role: 'api' });
    await host.createTenant('lab-2');
    lab = new ApiClient(host, await host.createKey());
    other = new ApiClient(host, await host.createKey('lab-2'));
    platform = new ApiClient(host, await host.createKey(null));
  });

  afterAll(() => host.close());

  const create = async (part: object = {}): Promise<string> => {
    const { body } = await lab.post('/v1/integrations', { ...CRM, ...part }).expect(201);
    return body.id;
  };

  it('creates one, with every default filled in', async () => {
    const { body } = await lab.post('/v1/integrations', CRM).expect(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^int_/),
      tenantId: LAB,
      actionId: 57,
      name: 'New patients',
      vendor: 'CRM',
      enabled: true,
      disabledReason: null,
      endpoint: { method: 'POST', format: 'json', compression: 'none', query: {}, ...CRM.endpoint },
      auth: { kind: 'api-key', in: 'header', name: 'X-Api-Key', secretSet: true },
      tls: null,
      signing: null,
      filter: null,
      mapping: CRM.mapping,
      schema: null,
      attachments: [],
      successRule: { statuses: ['200-299'], expression: null },
      extracts: {},
      loggedBodyBytes: null,
      redaction: { paths: [], names: [], patterns: [] },
      timeoutMs: 30_000,
      retry: { allowAsSent: false },
      retrySchedule: null,
      retryPolicy: {
        maxAttempts: 20,
        baseDelayMs: 10_000,
        maxDelayMs: 14_400_000,
        waitsMs: null,
        deadlineMs: null,
      },
      traffic: DEFAULT_TRAFFIC,
      statusCallback: null,
      statusCallbackSecret: null,
      pause: null,
      version: 1,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      updatedBy: expect.stringMatching(/^key [0-9a-f]{16} \(test\)$/),
    });
  });

  it.each([
    ['without an endpoint', 'endpoint', { endpoint: undefined }],
    ['whose endpoint is a list', 'endpoint', { endpoint: [CRM.endpoint] }],
    ['whose endpoint is null', 'endpoint', { endpoint: null }],
    ['whose retry policy is a list', 'retryPolicy', { retryPolicy: [] }],
    ['whose rate is a list', 'traffic.rate', { traffic: { rate: [] } }],
  ])('refuses one %s, naming it', async (_, field, part) => {
    const { body } = await lab.post('/v1/integrations', { ...CRM, ...part }).expect(422);
    expect(body.faults).toEqual([expect.objectContaining({ field, expected: 'must be an object' })]);
  });

  it('never answers with a secret or the reference to one', async () => {
    const id = await create();
    await lab.patch(`/v1/integrations/${id}`, { auth: { kind: 'bearer', token: 'hush-hush-0815' } }).expect(200);
    const answers = await Promise.all([
      lab.get(`/v1/integrations/${id}`),
      lab.get('/v1/integrations'),
      lab.get(`/v1/integrations/${id}/versions`),
      lab.post('/v1/integrations', { ...CRM, timeoutMs: 'x' }),
    ]);
    for (const { text } of answers) expect(text).not.toMatch(/hush-hush|secretId|sec_/);
  });

  it.each([
    ['a URL that is none', { endpoint: { url: 'vendor' } }, ['endpoint.url']],
    ['a private address', { endpoint: { url: 'http://169.254.169.254/latest' } }, ['endpoint.url']],
    ['a placeholder in the host', { endpoint: { url: 'http://{{context.host}}/' } }, ['endpoint.url']],
    ['a mapping that does not parse', { mapping: '{ "a": ' }, ['mapping']],
    ['an unknown action', { actionId: 4711 }, ['actionId']],
    ['an unknown authentication', { auth: { kind: 'magic' } }, ['auth.kind']],
    ['a field of another authentication', { auth: { kind: 'bearer', token: 'x', password: 'y' } }, ['auth.password']],
    [
      'a reserved header',
      { endpoint: { url: 'http://127.0.0.1/', headers: { 'Webhook-Id': '1' } } },
      ['endpoint.headers.Webhook-Id'],
    ],
    ['an extract that does not parse', { extracts: { ref: '{' } }, ['extracts.ref']],
    [
      'extracts with names that cannot be searched, or call for a secret',
      { extracts: { 'a.b': 'status', accessToken: 'body.token' } },
      ['extracts.a.b', 'extracts.accessToken'],
    ],
    [
      'more than ten extracts',
      { extracts: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`e${index}`, 'status'])) },
      ['extracts'],
    ],
    ['an extract that is no expression', { extracts: { ref: 7 } }, ['extracts.ref']],
    ['more of a body than the installation keeps', { loggedBodyBytes: 65_537 }, ['loggedBodyBytes']],
    ['waits that are none', { retryPolicy: { waitsMs: [5] } }, ['retryPolicy.waitsMs']],
    ['a deadline in no time', { retryPolicy: { deadlineMs: 1 } }, ['retryPolicy.deadlineMs']],
    ['a private callback', { statusCallback: { url: 'http://10.0.0.1/' } }, ['statusCallback.url']],
    ['a callback with a placeholder', { statusCallback: { url: 'http://127.0.0.1/{{a}}' } }, ['statusCallback.url']],
    ['several faults at once', { name: '', timeoutMs: 1, colour: 'red' }, ['name', 'timeoutMs', 'colour']],
  ])('refuses %s', async (_case, part, fields) => {
    const { status, body } = await lab.post('/v1/integrations', { ...CRM, ...part });
    expect([status, body.code]).toEqual([422, 'INTEGRATION_INVALID']);
    const named: { field: string }[] = body.faults;
    expect(named.map(({ field }) => field).sort()).toEqual(fields.toSorted());
  });

  it('makes the secret of a status callback and answers it once; a callback after none gets another', async () => {
    const callback = (url: string) => ({ statusCallback: { url } });
    const { body } = await lab.post('/v1/integrations', { ...CRM, ...callback('http://127.0.0.1:9/a') }).expect(201);
    expect(body).toMatchObject({
      statusCallback: { url: 'http://127.0.0.1:9/a' },
      statusCallbackSecret: expect.stringMatching(/^whsec_[\w+/]{43}=$/),
    });
    const change = async (part: object) => (await lab.patch(`/v1/integrations/${body.id}`, part).expect(200)).body;
    expect(await change(callback('http://127.0.0.1:9/b'))).toMatchObject({
      statusCallback: { url: 'http://127.0.0.1:9/b' },
      statusCallbackSecret: null,
    });
    expect(await change({ name: 'Renamed' })).toMatchObject(callback('http://127.0.0.1:9/b'));
    expect(await change({ statusCallback: null })).toMatchObject({ statusCallback: null, statusCallbackSecret: null });
    const { statusCallbackSecret } = await change(callback('http://127.0.0.1:9/c'));
    expect(statusCallbackSecret).toMatch(/^whsec_/);
    expect(statusCallbackSecret).not.toBe(body.statusCallbackSecret);
    const { text } = await lab.get(`/v1/integrations/${body.id}/versions`);
    expect(text).not.toMatch(/whsec_|secretId|sec_/);
  });

  describe('PATCH', () => {
    it('changes what is named and leaves the rest, secret included', async () => {
      const id = await create();
      const { body } = await lab
        .patch(`/v1/integrations/${id}`, {
          name: 'Renamed',
          endpoint: { method: 'PUT' },
          retryPolicy: { maxAttempts: 3 },
          mapping: null,
        })
        .expect(200);
      expect(body).toMatchObject({
        name: 'Renamed',
        vendor: 'CRM',
        endpoint: { ...CRM.endpoint, method: 'PUT' },
        retryPolicy: { maxAttempts: 3, baseDelayMs: 10_000 },
        mapping: null,
        auth: { kind: 'api-key', secretSet: true },
        version: 2,
      });
    });

    it('keeps a schema as it was sent, through other changes and in every version', async () => {
      const schema = {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        $defs: { 'a.b': true },
      };
      const id = await create({ schema });
      const { body } = await lab.patch(`/v1/integrations/${id}`, { name: 'Renamed' }).expect(200);
      expect(body.schema).toEqual(schema);
      await lab.patch(`/v1/integrations/${id}`, { schema: null }).expect(200);
      const { body: versions } = await lab.get(`/v1/integrations/${id}/versions`).expect(200);
      expect(versions.items.map((version: { schema: unknown }) => version.schema)).toEqual([null, schema, schema]);
    });

    it('checks the result as a whole', async () => {
      const id = await create();
      const { status, body } = await lab.patch(`/v1/integrations/${id}`, { endpoint: { url: 'ftp://x/' }, nmae: 1 });
      expect(status).toBe(422);
      expect(body.faults.map(({ field }: { field: string }) => field)).toContain('nmae');
      const { body: after } = await lab.get(`/v1/integrations/${id}`);
      expect(after.version).toBe(1);
    });

    it('refuses a change that was made on an older version', async () => {
      const id = await create();
      await lab.patch(`/v1/integrations/${id}`, { name: 'Two', version: 1 }).expect(200);
      const { status, body } = await lab.patch(`/v1/integrations/${id}`, { name: 'Three', version: 1 });
      expect([status, body.code]).toEqual([409, 'INTEGRATION_VERSION_CONFLICT']);
      await lab.patch(`/v1/integrations/${id}`, { name: 'Three', version: 'x' }).expect(400);
    });

    it('lets one of many simultaneous changes of a version win', async () => {
      const id = await create();
      const changes = Array.from({ length: 8 }, (_, index) =>
        lab.patch(`/v1/integrations/${id}`, { name: `N ${index}`, version: 1 }),
      );
      const statuses = (await Promise.all(changes)).map(({ status }) => status).sort((a, b) => a - b);
      expect(statuses).toEqual([200, ...Array<number>(7).fill(409)]);
    });

    it('switches off and on', async () => {
      const id = await create();
      const off = await lab.patch(`/v1/integrations/${id}`, { enabled: false }).expect(200);
      const on = await lab.patch(`/v1/integrations/${id}`, { enabled: true }).expect(200);
      expect([off.body.enabled, on.body.enabled, on.body.disabledReason]).toEqual([false, true, null]);
    });
  });

  it('keeps every version with its author', async () => {
    const id = await create();
    await lab.patch(`/v1/integrations/${id}`, { name: 'Two' }).expect(200);
    await lab.patch(`/v1/integrations/${id}`, { name: 'Three' }).expect(200);
    const { body } = await lab.get(`/v1/integrations/${id}/versions`).expect(200);
    const items: { version: number; name: string; updatedBy: string }[] = body.items;
    expect(items.map(({ version, name }) => [version, name])).toEqual([
      [3, 'Three'],
      [2, 'Two'],
      [1, 'New patients'],
    ]);
    expect(new Set(items.map(({ updatedBy }) => updatedBy)).size).toBe(1);
  });

  it('deletes', async () => {
    const id = await create();
    await lab.delete(`/v1/integrations/${id}`).expect(204);
    expect((await lab.get(`/v1/integrations/${id}`)).status).toBe(404);
    expect((await lab.delete(`/v1/integrations/${id}`)).status).toBe(404);
    expect((await lab.get('/v1/integrations?limit=200')).text).not.toContain(id);
  });

  it('keeps the versions of a deleted one, and the deletion as the last, with its author and time', async () => {
    const id = await create();
    await lab.patch(`/v1/integrations/${id}`, { name: 'Two' }).expect(200);
    await platform.delete(`/v1/integrations/${id}?tenantId=${LAB}`).expect(204);
    const { body, text } = await lab.get(`/v1/integrations/${id}/versions`).expect(200);
    const items: Record<string, unknown>[] = body.items;
    expect(items.map(({ version, name, deleted }) => [version, name, deleted])).toEqual([
      [3, 'Two', true],
      [2, 'Two', false],
      [1, 'New patients', false],
    ]);
    expect(items[0]?.['updatedBy']).not.toBe(items[1]?.['updatedBy']);
    expect(Date.parse(String(items[0]?.['updatedAt']))).toBeGreaterThan(Date.parse(String(items[1]?.['updatedAt'])));
    expect(text).not.toMatch(/hush-hush|secretId|sec_/);
    await other.get(`/v1/integrations/${id}/versions`).expect(404);
  });

  it('finds one deleted whose process died in the middle of it', async () => {
    const id = await create();
    const integrations = host.find(Database).model(INTEGRATIONS);
    await integrations.updateOne({ _id: asIntegrationId(id) }, { $set: { deleted: true, version: 2, updatedBy: 'x' } });
    await lab.get(`/v1/integrations/${id}`).expect(404);
    await lab.patch(`/v1/integrations/${id}`, { name: 'Two' }).expect(404);
    await lab.delete(`/v1/integrations/${id}`).expect(404);
    expect((await lab.get('/v1/integrations?limit=200')).text).not.toContain(id);
    const directory = host.find(IntegrationDirectory);
    expect(await directory.forDelivery(asIntegrationId(id))).toBeNull();
    expect((await directory.forAction(LAB, 57)).map(({ _id }) => _id)).not.toContain(id);
    const { body } = await lab.get(`/v1/integrations/${id}/versions`).expect(200);
    expect(body.items[0]).toMatchObject({ version: 2, deleted: true });
  });

  it('deletes while it is being changed, and keeps every version once', async () => {
    const id = await create();
    const changes = Array.from({ length: 8 }, (_, index) =>
      lab.patch(`/v1/integrations/${id}`, { name: `N ${index}` }),
    );
    const deletions = Array.from({ length: 3 }, () => lab.delete(`/v1/integrations/${id}`));
    await Promise.all(changes);
    const statuses = (await Promise.all(deletions)).map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([204, 404, 404]);
    const { body } = await lab.get(`/v1/integrations/${id}/versions`).expect(200);
    const items: { version: number; deleted: boolean }[] = body.items;
    expect(items.map(({ version }) => version)).toEqual(items.map((_, index) => items.length - index));
    expect(items.map(({ deleted }) => deleted)).toEqual(items.map((_, index) => index === 0));
  });

  it('pages through the versions, also through more than 200', async () => {
    const id = await create();
    const directory = host.find(IntegrationDirectory);
    let current = await directory.get(LAB, asIntegrationId(id));
    for (let version = 2; version <= 203; version += 1)
      current = await directory.update(current, { name: `V ${version}` }, 'admin');
    const first = await lab.get(`/v1/integrations/${id}/versions?limit=200`).expect(200);
    const second = await lab
      .get(`/v1/integrations/${id}/versions?limit=200&cursor=${first.body.nextCursor}`)
      .expect(200);
    const items: { version: number }[] = [...first.body.items, ...second.body.items];
    expect(items.map(({ version }) => version)).toEqual(Array.from({ length: 203 }, (_, index) => 203 - index));
    expect(second.body.nextCursor).toBeNull();
    expect(await lab.all(`/v1/integrations/${id}/versions`, 70)).toHaveLength(203);
    await lab.get(`/v1/integrations/${id}/versions?cursor=nonsense`).expect(400);
  });

  it('pages through the list in a steady order while new ones come', async () => {
    const ids = await Promise.all(Array.from({ length: 7 }, () => create({ actionId: 57 })));
    const first = await lab.get('/v1/integrations?limit=3&actionId=57').expect(200);
    await create();
    const all = await lab.all('/v1/integrations?actionId=57', 3);
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted());
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    expect(all.slice(0, 3).map(({ id }) => id)).toEqual(first.body.items.map(({ id }: { id: string }) => id));
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=ten',
    'limit=',
    'limit=1&limit=2',
    'actionId=x',
    'colour=red',
    'cursor=%25%25',
    'cursor=W10',
  ])('refuses ?%s', async (query) => {
    expect((await lab.get(`/v1/integrations?${query}`)).status).toBe(400);
  });

  describe('for another tenant', () => {
    it("hides a tenant's integration: as if it did not exist", async () => {
      const id = await create();
      const missing = await other.get('/v1/integrations/int_none');
      for (const answer of await Promise.all([
        other.get(`/v1/integrations/${id}`),
        other.patch(`/v1/integrations/${id}`, { enabled: false }),
        other.delete(`/v1/integrations/${id}`),
        other.get(`/v1/integrations/${id}/versions`),
      ])) {
        expect([answer.status, answer.body.code, answer.body.title]).toEqual([
          404,
          missing.body.code,
          missing.body.title,
        ]);
      }
      expect((await other.get('/v1/integrations')).body.items).toEqual([]);
      expect((await lab.get(`/v1/integrations/${id}`)).body.version).toBe(1);
    });

    it('refuses to name it', async () => {
      const answers = await Promise.all([
        other.get(`/v1/integrations?tenantId=${LAB}`),
        other.post('/v1/integrations', { ...CRM, tenantId: LAB }),
        other.get(`/v1/integrations/int_x?tenantId=${LAB}`),
        other.get('/v1/integrations?tenantId=no-such-lab'),
      ]);
      expect(answers.map(({ status, body }) => [status, body.code])).toEqual(Array(4).fill([403, 'TENANT_FORBIDDEN']));
    });

    it('has the platform name the tenant', async () => {
      const id = await create();
      await platform.get(`/v1/integrations/${id}`).expect(400);
      await platform.get(`/v1/integrations/${id}?tenantId=${LAB}`).expect(200);
      await platform.get(`/v1/integrations/${id}?tenantId=lab-2`).expect(404);
      const created = await platform.post('/v1/integrations', { ...CRM, tenantId: 'lab-2' }).expect(201);
      expect(created.body.tenantId).toBe('lab-2');
      await platform.post('/v1/integrations', { ...CRM, tenantId: 'nobody' }).expect(404);
    });
  });
});
