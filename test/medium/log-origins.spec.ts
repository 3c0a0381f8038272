import { asIntegrationId, asTenantId } from '../../src/common/ids.js';
import { fillLogOrigins } from '../../src/db/fill-log-origins.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { LogFinder } from '../../src/logging/log-finder.js';
import { LogOrigins } from '../../src/logging/log-origins.js';
import { planOf } from '../../src/logging/log-search.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { aLog } from '../support/log-rows.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const NEWEST_MS = Date.UTC(2026, 9, 1);
const [FREQUENT, RARE, OTHER] = ['int_frequent', 'int_rare', 'int_other'].map(asIntegrationId);

type Row = Parameters<typeof aLog>[0];

describe('a search by vendor, action or direction', () => {
  let host: TestHost;
  let lab: ApiClient;

  beforeAll(async () => {
    host = await startServerHost({ role: 'api' });
    lab = new ApiClient(host, await host.createKey());
    await host.find(IntegrationLogStore).insertQueued(rows().map(aLog));
  });

  afterAll(() => host.close());

  /** Of every second two logs: ids alone tell which of them comes first. */
  const at = (index: number) => new Date(NEWEST_MS - Math.floor(index / 2) * 1_000);
  const many = (count: number, row: Row, every = 1) =>
    Array.from({ length: count }, (_, index) => ({ ...row, createdAt: at(index * every) }));
  const rows = (): Row[] => [
    ...many(60, { integrationId: FREQUENT ?? null, vendor: 'PACS' }),
    ...many(6, { integrationId: RARE ?? null, vendor: 'PACS', status: 'FAIL' }, 20),
    ...many(9, { integrationId: null, vendor: 'PACS', direction: 'inbound', actionId: null }, 10),
    ...many(5, { integrationId: OTHER ?? null, vendor: 'CRM', actionId: 58 }),
  ];

  const pagesOf = async (query: string, limit: number) => {
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { body: { items: { id: string }[]; nextCursor: string | null } } = await lab
        .get(`/v1/logs?${query}&limit=${limit}${cursor && `&cursor=${cursor}`}`)
        .expect(200);
      found.push(...page.body.items.map(({ id }) => id));
      cursor = page.body.nextCursor;
    }
    return found;
  };

  const newestFirst = async (isWanted: (log: IntegrationLog) => boolean) =>
    (await host.logs()).filter(isWanted).map(({ _id }) => _id);

  it.each([1, 7, 50, 200])('finds each log once, newest first, by pages of %i', async (limit) => {
    const found = await pagesOf('vendor=PACS', limit);
    expect(found).toHaveLength(75);
    expect(found).toEqual(await newestFirst(({ vendor }) => vendor === 'PACS'));
  });

  it('finds logs of no integration, of one that is not there any more, and of two vendors of one integration', async () => {
    const inbound = await newestFirst(({ direction }) => direction === 'inbound');
    expect(await pagesOf('direction=inbound', 50)).toEqual(inbound);
    const moved = aLog({ integrationId: OTHER ?? null, vendor: 'CRM 2', actionId: 59 });
    await host.find(IntegrationLogStore).insertQueued([moved]);
    expect(await pagesOf('vendor=CRM 2', 50)).toEqual([moved._id]);
    expect(await pagesOf('vendor=CRM', 50)).toHaveLength(5);
    expect(await pagesOf(`vendor=CRM&integrationId=${RARE}`, 50)).toEqual([]);
  });

  it.each([
    ['vendor=PACS', 75],
    ['vendor=PACS&status=FAIL', 6],
    ['vendor=PACS&direction=inbound', 9],
    ['actionId=58', 5],
    ['actionId=4711', 0],
    ['vendor=Nobody&errorClass=rejected', 0],
  ])('counts %s over all of its integrations', async (query, count) => {
    expect((await lab.get(`/v1/logs/count?${query}`)).body).toEqual({ count, capped: false });
  });

  it('finds logs of more integrations than are asked one by one', async () => {
    const tenantId = await host.createTenant('lab-many');
    const logs = Array.from({ length: 25 }, (_, index) =>
      aLog({ tenantId, integrationId: asIntegrationId(`int_many${index}`), vendor: 'Chain' }),
    );
    await host.find(IntegrationLogStore).insertQueued(logs);
    const plan = planOf(tenantId, { query: { vendor: 'Chain' }, context: {}, extracts: {} });
    expect(await host.find(LogFinder).list(plan, null, 50)).toHaveLength(25);
  });

  it('finds logs of the time before it was noted where logs come from, after the migration', async () => {
    const { db } = host.find(Database).connection;
    const log = aLog({ integrationId: RARE ?? null, vendor: 'Of old' });
    await host.find(Database).collection(INTEGRATION_LOGS).insertOne(log);
    if (!db) throw new Error('There is no database');
    await fillLogOrigins(db);
    await fillLogOrigins(db);
    expect(await pagesOf('vendor=Of old', 50)).toEqual([log._id]);
    const origin = { tenantId: asTenantId(log.tenantId), vendor: 'Of old' };
    expect(await host.find(LogOrigins).integrationsOf(origin, 10)).toEqual([RARE]);
  });
});
