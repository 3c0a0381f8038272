import { Webhook } from 'standardwebhooks';
import { asTenantId } from '../../src/common/ids.js';
import { INTEGRATIONS } from '../../src/integrations/integration.collection.js';
import { SECRETS } from '../../src/security/secrets/secret.collection.js';
import { WEBHOOK_SCHEMES } from '../../src/security/signatures/standard-webhooks.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor, type VendorRequest } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

/** Whether the library of Standard Webhooks takes the request by this secret. */
function verifies({ body, headers }: VendorRequest, secret: string): boolean {
  try {
    new Webhook(secret).verify(
      body,
      {
        'webhook-id': String(headers['webhook-id']),
        'webhook-timestamp': String(headers['webhook-timestamp']),
        'webhook-signature': String(headers['webhook-signature']),
      },
      { jsonParse: false },
    );
    return true;
  } catch {
    return false;
  }
}

describe('signed deliveries', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let lab: ApiClient;
  let tenantId: string;
  let tenants = 0;

  beforeAll(async () => {
    host = await startServerHost();
  });

  afterAll(() => host.close());

  beforeEach(async () => {
    vendor = await startFakeVendor();
    tenantId = await host.createTenant(`lab-sign-${++tenants}`);
    lab = new ApiClient(host, await host.createKey(tenantId));
  });

  afterEach(() => vendor.close());

  async function integrate(part: object = { signing: {} }) {
    const { body } = await lab
      .post('/v1/integrations', {
        actionId: 57,
        name: 'New patients',
        vendor: 'CRM',
        endpoint: { url: `${vendor.url}/hook` },
        retryPolicy: { maxAttempts: 3, baseDelayMs: 10, maxDelayMs: 10 },
        ...part,
      })
      .expect(201);
    return { id: String(body.id), keys: keysOf(body.newSigningKeys) };
  }

  const keysOf = (shown: { scheme: string; key: string }[] = []): Record<string, string> =>
    Object.fromEntries(shown.map(({ scheme, key }) => [scheme, key]));

  async function rotate(id: string, overlapSeconds: number): Promise<Record<string, string>> {
    const { body } = await lab.post(`/v1/integrations/${id}/signing-secret/rotate`, { overlapSeconds }).expect(200);
    return keysOf(body.newKeys);
  }

  /** Delivers once and answers with what the vendor has received of it. */
  async function deliver(): Promise<VendorRequest> {
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId: 'P-1' });
    const logId = deliveries[0]?.logId ?? '';
    await host.waitForLog(logId, 'SUCCESS');
    const [request] = await vendor.waitFor(({ headers }) => headers['webhook-id'] === logId);
    if (!request) throw new Error('the vendor got nothing');
    return request;
  }

  it('are verified by the secret that was shown when the integration was made', async () => {
    const { keys } = await integrate();
    const request = await deliver();
    expect(verifies(request, keys['v1'] ?? '')).toBe(true);
    expect(verifies(request, WEBHOOK_SCHEMES.v1.newKey().secret)).toBe(false);
  });

  it('are verified by the public key where the tenant wants it so, beside the secret', async () => {
    const { keys } = await integrate({ signing: { schemes: ['v1a', 'v1'] } });
    const { headers, body, ...request } = await deliver();
    const signatures = String(headers['webhook-signature']).split(' ');
    const message = {
      id: String(headers['webhook-id']),
      sentAt: new Date(Number(headers['webhook-timestamp']) * 1_000),
      method: request.method,
      target: request.url,
      body,
    };
    const [v1a = ''] = signatures.filter((signature) => signature.startsWith('v1a,'));
    expect(keys['v1a']).toMatch(/^whpk_/);
    expect(WEBHOOK_SCHEMES.v1a.verify(message, keys['v1a'] ?? '', v1a)).toBe(true);
    expect(signatures).toHaveLength(2);
  });

  it.each([
    ['a form', { endpoint: { format: 'form' }, mapping: '{ "name": data.name }' }],
    ['no body', { endpoint: { method: 'GET' } }],
  ])('are signed with %s too', async (_what, { endpoint, ...part }: { endpoint: object; mapping?: string }) => {
    const { keys } = await integrate({ ...part, signing: {}, endpoint: { url: `${vendor.url}/hook`, ...endpoint } });
    expect(verifies(await deliver(), keys['v1'] ?? '')).toBe(true);
  });

  it('are signed anew on every try, under the same id', async () => {
    const { keys } = await integrate();
    vendor.answer(() => ({ status: vendor.requests.length < 3 ? 503 : 200 }));
    await deliver();
    expect(new Set(vendor.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(vendor.requests.map((request) => verifies(request, keys['v1'] ?? ''))).toEqual([true, true, true]);
  });

  it('are not signed where the tenant does not want it', async () => {
    const { id } = await integrate({});
    expect((await deliver()).headers).not.toHaveProperty('webhook-signature');
    await lab.patch(`/v1/integrations/${id}`, { signing: {} }).expect(200);
    expect((await deliver()).headers).toHaveProperty('webhook-signature');
    await lab.patch(`/v1/integrations/${id}`, { signing: null }).expect(200);
    expect((await deliver()).headers).not.toHaveProperty('webhook-signature');
  });

  it('show a key once, and keep it encrypted', async () => {
    const { id, keys } = await integrate({ signing: { schemes: ['v1', 'v1a'] } });
    const second = await rotate(id, 60);
    const answers = await Promise.all([
      lab.get(`/v1/integrations/${id}`),
      lab.get('/v1/integrations'),
      lab.get(`/v1/integrations/${id}/versions`),
      lab.patch(`/v1/integrations/${id}`, { name: 'Renamed' }),
    ]);
    const database = host.find(Database);
    const kept = [
      ...answers.map(({ text }) => text),
      JSON.stringify(await database.model(SECRETS).find().lean()),
      JSON.stringify(await database.model(INTEGRATIONS).find().lean()),
    ].join('\n');
    for (const key of [keys['v1'], second['v1']]) expect(kept).not.toContain(key);
    expect(kept).not.toMatch(/whsec_|whsk_/);
    expect(answers[0]?.body.signing).toEqual({
      schemes: ['v1', 'v1a'],
      keys: [
        { scheme: 'v1', publicKey: null, createdAt: expect.any(String), signsUntil: null },
        { scheme: 'v1a', publicKey: second['v1a'], createdAt: expect.any(String), signsUntil: null },
        { scheme: 'v1', publicKey: null, createdAt: expect.any(String), signsUntil: expect.any(String) },
        { scheme: 'v1a', publicKey: keys['v1a'], createdAt: expect.any(String), signsUntil: expect.any(String) },
      ],
    });
    expect(answers[0]?.text).not.toContain('secretId');
  });

  it('keep their keys through other changes; a scheme that is added gets one', async () => {
    const { id, keys } = await integrate();
    await lab.patch(`/v1/integrations/${id}`, { name: 'Renamed' }).expect(200);
    const { body } = await lab.patch(`/v1/integrations/${id}`, { signing: { schemes: ['v1', 'v1a'] } }).expect(200);
    expect(body.newSigningKeys).toEqual([{ scheme: 'v1a', key: expect.stringMatching(/^whpk_/) }]);
    expect(verifies(await deliver(), keys['v1'] ?? '')).toBe(true);
  });

  describe('after a rotation', () => {
    it('are verified by the old and the new secret until the overlap is over', async () => {
      const { id, keys } = await integrate();
      const rotated = await rotate(id, 2);
      const request = await deliver();
      expect([verifies(request, keys['v1'] ?? ''), verifies(request, rotated['v1'] ?? '')]).toEqual([true, true]);
      const later = await eventually(deliver, (received) => !verifies(received, keys['v1'] ?? ''));
      expect(verifies(later, rotated['v1'] ?? '')).toBe(true);
      expect(String(later.headers['webhook-signature'])).not.toContain(' ');
    });

    it('are not verified by the old one where the tenant wants no overlap', async () => {
      const { id, keys } = await integrate();
      const second = await rotate(id, 3_600);
      const third = await rotate(id, 0);
      const request = await deliver();
      const known = [keys['v1'], second['v1'], third['v1']].map((secret) => verifies(request, secret ?? ''));
      expect(known).toEqual([false, false, true]);
    });

    it('keep no secret of a rotation that lost to another', async () => {
      const { id } = await integrate();
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => lab.post(`/v1/integrations/${id}/signing-secret/rotate`, {})),
      );
      const won = answers.filter(({ status }) => status === 200).length;
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(6 - won);
      const secrets = await host
        .find(Database)
        .model(SECRETS)
        .countDocuments({ tenantId: asTenantId(tenantId) });
      expect(secrets).toBe(1 + won);
    });

    it('are signed by eight keys at the most', async () => {
      const { id } = await integrate();
      for (let count = 2; count <= 8; count += 1) await rotate(id, 3_600);
      const refused = await lab.post(`/v1/integrations/${id}/signing-secret/rotate`, {});
      expect([refused.status, refused.body.code]).toEqual([409, 'SIGNING_KEYS_TOO_MANY']);
      expect(String((await deliver()).headers['webhook-signature']).split(' ')).toHaveLength(8);
    });
  });

  it('refuse a rotation of what is not signed, not there, or not theirs', async () => {
    const { id } = await integrate({});
    const off = await lab.post(`/v1/integrations/${id}/signing-secret/rotate`, {});
    expect([off.status, off.body.code]).toEqual([409, 'SIGNING_OFF']);
    const other = new ApiClient(host, await host.createKey());
    await other.post(`/v1/integrations/${id}/signing-secret/rotate`, {}).expect(404);
    for (const overlapSeconds of [-1, 2_592_001, 1.5, '60'])
      await lab.post(`/v1/integrations/${id}/signing-secret/rotate`, { overlapSeconds }).expect(400);
  });

  it.each([
    ['no scheme', { schemes: [] }, 'signing.schemes'],
    ['an unknown scheme', { schemes: ['v2'] }, 'signing.schemes'],
    ['a secret of their own', { secret: 'whsec_abc' }, 'signing.secret'],
  ])('refuse %s', async (_what, signing, field) => {
    const { status, body } = await lab.post('/v1/integrations', {
      actionId: 57,
      name: 'x',
      vendor: 'y',
      endpoint: { url: vendor.url },
      signing,
    });
    expect(status).toBe(422);
    expect(body.faults.map((fault: { field: string }) => fault.field)).toContain(field);
  });
});
