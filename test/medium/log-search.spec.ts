import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { QueryPlans } from '../support/query-plans.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const REFUSED = { status: 422, body: { error: 'Unknown patient: birth date is missing' } };

describe('a search of the logs', () => {
  let plans: QueryPlans;
  let host: TestHost;
  let vendor: FakeVendor;
  let lab: ApiClient;
  let integrationId: string;

  beforeAll(async () => {
    plans = await QueryPlans.open('search');
    vendor = await startFakeVendor();
    host = await startServerHost({ settings: { mongodb: { connection: plans.connection } } });
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
    await plans.close();
  });

  /** The workers of this host ask for logs as well, without a limit of time. */
  const finds = () => plans.of('integration_logs').filter((command) => 'maxTimeMS' in command);

  beforeEach(() => {
    plans.forget();
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
    ['integrationId={integration}&status=FAIL&errorClass=rejected', 1, 'newest_failed_of_integration'],
    ['integrationId={integration}&status=FAIL&errorCode=HTTP_422', 1, 'newest_of_error'],
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
    const [find, ...more] = finds();
    expect(more).toEqual([]);
    expect(await plans.explain(find)).toEqual({ indexes: [index], sorts: false });
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
    expect(finds()).toEqual([]);
  });

  it('goes on along the same index on further pages', async () => {
    const first = await lab.get('/v1/logs?limit=1').expect(200);
    const second = await lab.get(`/v1/logs?limit=1&cursor=${first.body.nextCursor}`).expect(200);
    expect(second.body.items).toHaveLength(1);
    expect(second.body.items[0].id).not.toBe(first.body.items[0].id);
    expect(await plans.explain(finds()[1])).toEqual({ indexes: ['newest'], sorts: false });
  });

  it('finds a log by its last error only until it has succeeded', async () => {
    const failed = await lab.get('/v1/logs?text=birth').expect(200);
    const { id } = failed.body.items[0];
    await lab.post(`/v1/logs/${id}/retry`, { reason: 'corrected' }).expect(202);
    await host.waitForLog(id, 'SUCCESS');
    const { body } = await lab.get('/v1/logs?text=birth').expect(200);
    expect(body.items).toEqual([]);
  });
});
