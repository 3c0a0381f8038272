import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../../src/common/primitives.js';
import { AUTH_KINDS } from '../../src/integrations/auth/auth-kinds.js';
import { ApiClient } from '../support/api-client.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const read = (path: string) => readFileSync(join(__dirname, '../..', path), 'utf8');

/** What stands for the `...` of keys and certificates. */
const PEM: Readonly<Record<string, string>> = {
  certificate: read('test/support/certificates/client.pem'),
  privateKey: read('test/support/certificates/client.key.pem'),
  ca: read('test/support/certificates/authority.pem'),
};

const BASE = { actionId: 57, name: 'Results', vendor: 'LIS', endpoint: { url: 'https://api.vendor.example/results' } };

const EXAMPLES = [...read('docs/integrations.md').matchAll(/^```json integration\n([\s\S]*?)^```$/gm)].map(
  ([, json = '']): unknown =>
    JSON.parse(json, (key, value: unknown) =>
      typeof value === 'string' && value.startsWith('-----BEGIN') ? PEM[key] : value,
    ),
);

describe('the examples of docs/integrations.md', () => {
  let host: TestHost;
  let lab: ApiClient;

  beforeAll(async () => {
    host = await startServerHost({ role: 'api' });
    lab = new ApiClient(host, await host.createKey());
  });

  afterAll(() => host.close());

  it.each(EXAMPLES.map((example, index) => [index + 1, example] as const))(
    'number %i is accepted',
    async (_, example) => {
      const { status, body } = await lab.post('/v1/integrations', { ...BASE, ...(isRecord(example) ? example : {}) });
      expect([status, body.faults]).toEqual([201, undefined]);
    },
  );

  it('show every kind of authentication', () => {
    const kinds = EXAMPLES.flatMap((example) =>
      isRecord(example) && isRecord(example['auth']) ? [String(example['auth']['kind'])] : [],
    );
    expect([...new Set(kinds)].toSorted()).toEqual(AUTH_KINDS.toSorted());
  });
});
