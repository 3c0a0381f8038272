import { ApiClient } from '../support/api-client.js';
import { Database } from '../../src/storage/database.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';

const PATIENT = { id: 'P-1', name: 'Zenobia Quill', phone: '+1 MRN-777123', policyNumber: '4111111111111111' };

describe('redaction by the rules of tenant and integration', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let lab: ApiClient;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    host = await startServerHost({ patients: [PATIENT] });
    lab = new ApiClient(host, await host.createKey());
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
  });

  it('sends all of it, and stores nothing of what is hidden, not in an error, an extract or an echo', async () => {
    await lab
      .patch(`/v1/tenants/${LAB}`, { redaction: { paths: [], names: ['given'], patterns: ['MRN-\\d+'] } })
      .expect(200);
    vendor.answer(({ json }) => ({
      status: 422,
      headers: { 'x-echo': PATIENT.name },
      body: { error: PATIENT.phone, of: json },
    }));
    await host.createIntegration({
      url: vendor.url,
      endpoint: { query: { who: '{{data.name}}' }, headers: { 'x-who': '{{data.phone}}' } },
      mapping:
        '{ "id": data.id, "subject": { "name": data.name }, "given": data.name, "phone": data.phone, "card": data.policyNumber }',
      extracts: { subject: 'body.of.subject.name', visit: 'body.of.id' },
      redaction: { paths: ['/body/**/subject/*', '/query/who', '/response/headers/x-echo'], names: [], patterns: [] },
    });
    const { body: event } = await lab.post('/v1/events', { action: 57, context: { patientId: 'P-1' } }).expect(202);
    const log = await host.waitForLog(event.deliveries[0].logId, 'FAIL');
    expect(vendor.requests[0]?.json).toMatchObject({ subject: { name: PATIENT.name }, card: PATIENT.policyNumber });
    expect(vendor.requests[0]?.url).toContain('Zenobia');
    const { db } = host.find(Database).connection;
    const collections = (await db?.listCollections().toArray()) ?? [];
    const stored = await Promise.all(collections.map(async ({ name }) => db?.collection(name).find().toArray()));
    expect(JSON.stringify(stored)).not.toMatch(/Zenobia|Quill|MRN-7|4111111/);
    expect(log).toMatchObject({
      errorMessage: expect.stringContaining('+1 ***'),
      extracts: { subject: '***', visit: 'P-1' },
      firstAttempt: {
        request: {
          headers: { 'x-who': '+1 ***' },
          body: { text: '{"id":"P-1","subject":{"name":"***"},"given":"***","phone":"+1 ***","card":"***"}' },
        },
      },
    });
  });

  it.each([
    { redaction: { paths: ['name'] } },
    { redaction: { patterns: ['(?=x)'] } },
    { redaction: { names: [''] } },
    { redaction: { mode: 'all' } },
  ])('refuses %j', async (change) => {
    expect((await lab.patch(`/v1/tenants/${LAB}`, change)).status).toBe(400);
  });
});
