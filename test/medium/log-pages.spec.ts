import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { ApiClient } from '../support/api-client.js';
import { aLog } from '../support/log-rows.js';
import { QueryPlans } from '../support/query-plans.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const NOW_MS = Date.now();
const HOUR_MS = 3_600_000;
/** One from a host whose clock is ahead; two of the same time. */
const HOURS_AGO = [-0.1, 0.1, 0.1, 0.2, 0.9, 1.1, 30, 31, 32, 800, 801, 9_000, 40_000];

describe('the pages of a search by an error or a context id', () => {
  let plans: QueryPlans;
  let host: TestHost;
  let lab: ApiClient;
  let newestFirst: string[];

  beforeAll(async () => {
    plans = await QueryPlans.open('pages');
    host = await startServerHost({ role: 'api', settings: { mongodb: { connection: plans.connection } } });
    lab = new ApiClient(host, await host.createKey());
    const logs = HOURS_AGO.map((hours) =>
      aLog({
        integrationId: null,
        context: { patientId: 'P-1' },
        status: 'FAIL',
        errorClass: 'rejected',
        errorMessage: 'no phone',
        createdAt: new Date(NOW_MS - hours * HOUR_MS),
      }),
    );
    await host.find(IntegrationLogStore).insertQueued(logs);
    newestFirst = (await host.logs()).map(({ _id }) => _id);
  });

  afterAll(async () => {
    await host.close();
    await plans.close();
  });

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

  const before = (hours: number) => new Date(NOW_MS - hours * HOUR_MS).toISOString();

  it.each(['errorClass=rejected', 'text=phone', 'context[patientId]=P-1'])(
    'have every log of %s once',
    async (query) => {
      for (const limit of [1, 2, 5, 200]) expect(await pagesOf(query, limit)).toEqual(newestFirst);
    },
  );

  it.each([
    [`from=${before(31.5)}`, 0, 8],
    [`to=${before(0.15)}`, 3, 13],
    [`from=${before(801.5)}&to=${before(1)}`, 5, 11],
    [`from=${before(1)}&to=${before(2)}`, 0, 0],
  ])('keep to %s', async (times, first, end) => {
    for (const limit of [2, 200])
      expect(await pagesOf(`errorClass=rejected&${times}`, limit)).toEqual(newestFirst.slice(first, end));
  });

  it('are each looked for in the time just before, and not in all time before', async () => {
    const { body } = await lab.get('/v1/logs?errorClass=rejected&limit=2').expect(200);
    plans.forget();
    await lab.get(`/v1/logs?errorClass=rejected&limit=1&cursor=${body.nextCursor}`).expect(200);
    const [find, ...more] = plans.of('integration_logs');
    expect(JSON.stringify(find?.['filter'])).toContain('$gte');
    expect(more).toHaveLength(0);
  });
});
