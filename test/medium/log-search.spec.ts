import { type Connection, createConnection } from 'mongoose';
import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import { freshDatabaseName, mongodbUri } from '../support/services.js';
import type { TestHost } from '../support/test-host.js';

const REFUSED = { status: 422, body: { error: 'Unknown patient: birth date is missing' } };

describe('a search of the logs', () => {
  let connection: Connection;
  let host: TestHost;
  let vendor: FakeVendor;
  let lab: ApiClient;
  let integrationId: string;
  const finds: Record<string, unknown>[] = [];

  beforeAll(async () => {
    const uri = mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${freshDatabaseName('search')}`);
    connection = await createConnection(uri, { monitorCommands: true, bufferCommands: false }).asPromise();
    connection.getClient().on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'find' && command['find'] === 'integration_logs') finds.push(command);
    });
    vendor = await startFakeVendor();
    host = await startServerHost({ settings: { mongodb: { connection } } });
    lab = new ApiClient(host, await host.createKey());
    const integration = await host.createIntegration({ url: vendor.url, extracts: { ref: 'body.ref' } });
    integrationId = integration._id;
    vendor.answer(() => (vendor.requests.length === 1 ? REFUSED : { body: { ref: 'A-7' } }));
    for (const status of ['FAIL', 'SUCCESS'] as const) {
      const { body } = await lab.post('/v1/events', { action: 57, context: { patientId: 'P-1' } }).expect(202);
      await host.waitForLog(body.deliveries[0].logId, status);
    }
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

  it.each([
    ['', 2, 'newest'],
    ['direction=outbound&vendor=CRM', 2, 'newest_of_integration'],
    ['actionId=57', 2, 'newest_of_integration'],
    ['actionId=57&context[patientId]=P-1', 2, 'newest_of_key'],
    ['vendor=CRM&status=FAIL', 1, 'newest_failed_of_integration'],
    ['vendor=CRM&status=QUEUED', 0, 'newest_queued'],
    ['from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z', 2, 'newest'],
    ['status=SUCCESS', 1, 'newest'],
    ['status=FAIL', 1, 'newest_failed'],
    ['status=QUEUED', 0, 'newest_queued'],
    ['status=QUEUED&direction=outbound&from=2020-01-01T00:00:00Z', 0, 'newest_queued'],
    ['status=FAIL&from=2020-01-01T00:00:00Z', 1, 'newest_failed'],
    ['resolved=false', 1, 'newest_failed'],
    ['resolved=true', 0, 'newest_resolved'],
    ['resolved=false&errorClass=rejected', 1, 'newest_of_error'],
    ['integrationId={integration}', 2, 'newest_of_integration'],
    ['integrationId={integration}&status=FAIL', 1, 'newest_failed_of_integration'],
    ['integrationId={integration}&status=QUEUED', 0, 'newest_queued'],
    ['integrationId={integration}&resolved=true', 0, 'newest_resolved'],
    ['integrationId={integration}&vendor=CRM', 2, 'newest_of_integration'],
    ['context[patientId]=P-1', 2, 'newest_of_key'],
    ['extract[ref]=A-7', 1, 'newest_of_key'],
    ['context[patientId]=P-1&extract[ref]=A-7&errorClass=rejected', 0, 'newest_of_key'],
    ['errorClass=rejected', 1, 'newest_of_error'],
    ['errorCode=HTTP_422', 1, 'newest_of_error'],
    ['errorCode=HTTP_42', 0, 'newest_of_error'],
    ['text=PATIENT unknown', 1, 'newest_of_error'],
    ['text=patient nowhere', 0, 'newest_of_error'],
    ['text=patient&errorClass=rejected&errorCode=HTTP_422&integrationId={integration}', 1, 'newest_of_error'],
  ])('for "%s" finds %i, along its index, in the order that it has', async (query, count, index) => {
    const { body } = await lab.get(`/v1/logs?${query.replace('{integration}', integrationId)}`).expect(200);
    expect(body.items).toHaveLength(count);
    expect(finds).toHaveLength(1);
    const plan = await planOf(finds[0] ?? {});
    expect(plan).toContain(`"indexName":"${index}"`);
    expect(plan).not.toMatch(SORTS);
  });

  it.each([
    'vendor=Nobody',
    'actionId=58',
    'direction=inbound',
    'vendor=Nobody&status=FAIL',
    'vendor=Nobody&integrationId={integration}',
    'vendor=Nobody&errorClass=rejected',
  ])('for "%s" looks at no log where there is none', async (query) => {
    const { body } = await lab.get(`/v1/logs?${query.replace('{integration}', integrationId)}`).expect(200);
    expect(body).toEqual({ items: [], nextCursor: null });
    expect(finds).toEqual([]);
  });

  it('goes on along the same index on further pages', async () => {
    const first = await lab.get('/v1/logs?limit=1').expect(200);
    const second = await lab.get(`/v1/logs?limit=1&cursor=${first.body.nextCursor}`).expect(200);
    expect(second.body.items).toHaveLength(1);
    expect(second.body.items[0].id).not.toBe(first.body.items[0].id);
    const plan = await planOf(finds[1] ?? {});
    expect(plan).toContain('"indexName":"newest"');
    expect(plan).not.toMatch(SORTS);
  });

  it('finds a log by its last error only until it has succeeded', async () => {
    const failed = await lab.get('/v1/logs?text=birth').expect(200);
    const { id } = failed.body.items[0];
    await lab.post(`/v1/logs/${id}/retry`, { reason: 'corrected' }).expect(202);
    await host.waitForLog(id, 'SUCCESS');
    const { body } = await lab.get('/v1/logs?text=birth').expect(200);
    expect(body.items).toEqual([]);
  });

  async function planOf({ lsid: _session, $db: _db, ...find }: Record<string, unknown>): Promise<string> {
    return JSON.stringify(await connection.db?.command({ explain: find }));
  }
});

/** How MongoDB, and how DocumentDB, calls sorting what it has found. DocumentDB may sort those of one time by their id. */
const SORTS = /"stage":"SORT"|"Node Type":"Sort"|BitmapOr/;
