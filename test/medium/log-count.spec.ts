import { type IntegrationId } from '../../src/common/ids.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { LogOrigins } from '../../src/logging/log-origins.js';
import { ApiClient } from '../support/api-client.js';
import { aLog } from '../support/log-rows.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const ROWS = 10_050;

describe('counting what a search finds', () => {
  let host: TestHost;
  let lab: ApiClient;
  let integrationId: IntegrationId;

  beforeAll(async () => {
    host = await startServerHost({ role: 'api' });
    lab = new ApiClient(host, await host.createKey());
    integrationId = (await host.createIntegration({ url: 'http://127.0.0.1:9/' }))._id;
    const failed = { status: 'FAIL', errorClass: 'rejected', errorCode: 'HTTP_422', errorMessage: 'no phone' } as const;
    const rows = Array.from({ length: ROWS }, (_, index) => aLog({ integrationId, ...(index < 70 ? failed : {}) }));
    await host.find(IntegrationLogStore).insertQueued(rows);
    await host.find(LogOrigins).note([aLog({ integrationId, vendor: 'Expired' })]);
  });

  afterAll(() => host.close());

  it.each([
    ['status=FAIL', { count: 70, capped: false }],
    ['errorClass=auth', { count: 0, capped: false }],
    ['text=phone&status=FAIL', { count: 70, capped: false }],
    ['direction=outbound', { count: 10_000, capped: true }],
  ])('of %s', async (query, expected) => {
    const { body } = await lab.get(`/v1/logs/count?${query}`).expect(200);
    expect(body).toEqual(expected);
  });

  it('refuses a parameter that it does not know', async () => {
    expect((await lab.get('/v1/logs/count?patientId=P-1')).status).toBe(400);
  });

  it("does not count another tenant's", async () => {
    await host.createTenant('lab-2');
    const other = new ApiClient(host, await host.createKey('lab-2'));
    expect((await other.get('/v1/logs/count')).body).toEqual({ count: 0, capped: false });
  });

  it.each(['/v1/logs?vendor=Expired', '/v1/logs/count'])(
    'stops %s after its time, and says what to do',
    async (path) => {
      const hasty = await startServerHost({
        role: 'api',
        settings: { ...host.settings, limits: { searchTimeoutMs: 1 } },
      });
      try {
        const { body, status } = await new ApiClient(hasty, await host.createKey()).get(path);
        expect({ status, code: body.code, remedy: body.remedy }).toEqual({
          status: 422,
          code: 'SEARCH_TOO_SLOW',
          remedy: expect.stringContaining('Narrow it'),
        });
      } finally {
        await hasty.close({ keepData: true });
      }
    },
  );
});
