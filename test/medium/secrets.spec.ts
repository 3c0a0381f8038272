import { ActionExistsError } from '../../src/actions/action-exists.error.js';
import { ApiActionStore } from '../../src/actions/api-action.store.js';
import { SECRETS } from '../../src/security/secrets/secret.collection.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const ACTION = {
  id: 901,
  name: 'bill.generated',
  description: null,
  contextFields: [],
  intentUrl: 'http://127.0.0.1:9/intent',
  createdBy: 'test',
};

describe('secrets', () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startServerHost({ role: 'api' });
    await host.find(ApiActionStore).register(ACTION);
  });

  afterAll(() => host.close());

  const count = () => host.find(Database).model(SECRETS).countDocuments();

  it.each([
    ['id', { name: 'bill.paid' }],
    ['name', { id: 902 }],
  ])('leaves none behind of an action that loses the race for its %s', async (_what, other) => {
    const before = await count();
    const losing = host.find(ApiActionStore).register({ ...ACTION, ...other });
    await expect(losing).rejects.toBeInstanceOf(ActionExistsError);
    expect(await count()).toBe(before);
  });

  it('leaves none behind of a change of an integration that loses to another', async () => {
    const { _id } = await host.createIntegration({ url: 'http://127.0.0.1:9/' });
    const lab = new ApiClient(host, await host.createKey());
    const before = await count();
    const changes = Array.from({ length: 6 }, (_, index) =>
      lab.patch(`/v1/integrations/${_id}`, { version: 1, auth: { kind: 'bearer', token: `hush-hush-${index}` } }),
    );
    const statuses = (await Promise.all(changes)).map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([200, ...Array<number>(5).fill(409)]);
    expect(await count()).toBe(before + 1);
  });
});
