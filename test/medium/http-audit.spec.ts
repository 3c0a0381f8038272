import { type Connection, createConnection } from 'mongoose';
import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import { freshDatabaseName, mongodbUri } from '../support/services.js';
import { LAB, type TestHost } from '../support/test-host.js';

const SECRET = 'a-very-secret-token';

describe('the audit log over HTTP', () => {
  const finds: Record<string, unknown>[] = [];
  let connection: Connection;
  let vendor: FakeVendor;
  let host: TestHost;
  let platform: ApiClient;
  let lab: ApiClient;
  let labKeyId: string;
  let integrationId: string;

  beforeAll(async () => {
    const uri = mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${freshDatabaseName('audit')}`);
    connection = await createConnection(uri, { monitorCommands: true, bufferCommands: false }).asPromise();
    connection.getClient().on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'find' && command['find'] === 'audit_entries') finds.push(command);
    });
    vendor = await startFakeVendor();
    host = await startServerHost({ role: 'api', settings: { mongodb: { connection } } });
    platform = new ApiClient(host, await host.createKey(null));
    const key = await host.createKey();
    labKeyId = key.split('_')[1] ?? '';
    lab = new ApiClient(host, key);
    const created = await lab
      .post('/v1/integrations', {
        ...{ actionId: 57, name: 'CRM', vendor: 'CRM', endpoint: { url: vendor.url } },
        auth: { kind: 'bearer', token: SECRET },
      })
      .expect(201);
    integrationId = created.body.id;
    await lab.post(`/v1/integrations/${integrationId}/pause`, { reason: 'Their window' }).expect(200);
    await lab.post(`/v1/integrations/${integrationId}/resume`).expect(200);
    await lab.patch(`/v1/integrations/${integrationId}`, { version: 99, name: 'Ana Souza' }).expect(409);
    await lab.post('/v1/events', { action: 57, context: { patientId: 'P-1' } }).expect(202);
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
    await connection.dropDatabase();
    await connection.close();
  });

  beforeEach(() => {
    finds.length = 0;
  });

  const list = async (client: ApiClient, query = '') => (await client.get(`/v1/audit?${query}`).expect(200)).body.items;
  const whats = async (client: ApiClient, query = '') =>
    (await list(client, query)).map(({ what }: { what: string }) => what);

  it('holds what people did, newest first, and no machine traffic', async () => {
    expect(await whats(lab)).toEqual([
      'integration.update.failed',
      'integration.update',
      'integration.resume',
      'integration.pause',
      'integration.create.done',
      'integration.create',
    ]);
  });

  it('tells who, from where, why, and the names of what changed, without a value', async () => {
    const items = await list(lab);
    const [failed, updated, , paused, done, created] = items;
    expect(paused).toMatchObject({
      chain: LAB,
      seq: 3,
      who: { kind: 'key', id: labKeyId, name: 'test' },
      from: expect.stringMatching(/127\.0\.0\.1$/),
      subject: { type: 'integration', id: integrationId },
      why: 'Their window',
      details: {},
      correlationId: expect.stringMatching(/^cor_/),
    });
    expect(failed.details).toEqual({ entry: updated.seq, code: 'INTEGRATION_VERSION_CONFLICT' });
    expect(updated.details).toEqual({ fields: ['name', 'version'] });
    expect(created).toMatchObject({
      subject: { id: null },
      details: { fields: expect.arrayContaining(['auth.token']) },
    });
    expect(done).toMatchObject({ subject: { id: integrationId }, details: { entry: created.seq } });
    expect(JSON.stringify(items)).not.toMatch(new RegExp(`${SECRET}|Ana Souza`));
  });

  it("keeps the platform's acts apart, and one tenant's from another", async () => {
    await platform.post('/v1/tenants', { id: 'lab-2', name: 'Lab two' }).expect(201);
    await platform.post(`/v1/integrations/${integrationId}/resume?tenantId=lab-2`).expect(404);
    expect(await list(platform)).toMatchObject([{ what: 'tenant.create', subject: { type: 'tenant', id: 'lab-2' } }]);
    expect(await whats(platform, 'tenantId=lab-2')).toEqual(['integration.resume.failed', 'integration.resume']);
    await lab.get('/v1/audit?tenantId=lab-2').expect(403);
  });

  it('has no log of a tenant that is not there', async () => {
    const { body } = await platform.post(`/v1/integrations/${integrationId}/resume?tenantId=lab-404`).expect(404);
    expect(body.code).toBe('TENANT_UNKNOWN');
    expect(await connection.collection('audit_entries').countDocuments({ chain: 'lab-404' })).toBe(0);
  });

  it('believes no header that says where a request comes from', async () => {
    await lab.post(`/v1/integrations/${integrationId}/resume`).set('x-forwarded-for', '203.0.113.9').expect(200);
    const [newest] = await list(lab, 'limit=1');
    expect(newest.from).toMatch(/127\.0\.0\.1$/);
  });

  it.each([
    [['127.0.0.0/8'], '203.0.113.9'],
    [1, '203.0.113.9'],
    [['10.0.0.0/8'], '127.0.0.1'],
    [0, '127.0.0.1'],
  ])('believes the header of a peer that is trusted: %j', async (trustProxy, from) => {
    const proxied = await startServerHost({ role: 'api', trustProxy });
    try {
      const caller = new ApiClient(proxied, await proxied.createKey(null));
      const tenant = { id: 'lab-7', name: 'Lab seven' };
      await caller.post('/v1/tenants', tenant).set('x-forwarded-for', '198.51.100.1, 203.0.113.9').expect(201);
      const [newest] = await list(caller, 'limit=1');
      expect(newest.from).toContain(from);
    } finally {
      await proxied.close();
    }
  });

  it.each([
    ['', 'newest'],
    ['from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z', 'newest'],
    ['subjectType=integration', 'newest'],
    ['subjectId={integration}', 'newest_of_subject'],
    ['subjectId={integration}&what=integration.pause&who={key}', 'newest_of_subject'],
    ['what=integration.pause', 'newest_of_what'],
    ['what=integration.pause&who={key}', 'newest_of_what'],
    ['who={key}', 'newest_of_actor'],
  ])('for "%s" walks along its index', async (query, index) => {
    const asked = query.replace('{integration}', integrationId).replace('{key}', labKeyId);
    expect((await list(lab, asked)).length).toBeGreaterThan(0);
    expect(finds).toHaveLength(1);
    const { lsid: _session, $db: _db, ...find } = finds[0] ?? {};
    const plan = JSON.stringify(await connection.db?.command({ explain: find }));
    expect(plan).toContain(`"indexName":"${index}"`);
    expect(plan).not.toMatch(/"stage":"SORT"|"Node Type":"Sort"|BitmapOr/);
  });

  it.each([
    ['to=2020-01-01T00:00:00Z', 0],
    ['subjectType=log', 0],
    ['who=another', 0],
    ['what=integration.create', 1],
  ])('filters by %s', async (query, count) => {
    expect(await list(lab, query)).toHaveLength(count);
  });

  it('is read by pages', async () => {
    const all = await list(lab);
    const paged = await lab.all('/v1/audit', 2);
    expect(paged.map(({ id }) => id)).toEqual(all.map(({ id }: { id: string }) => id));
    await lab.get('/v1/audit?cursor=WyJhIl0').expect(400);
  });
});
