import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

describe('POST /v1/events/again', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let labs = 0;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    host = await startServerHost();
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
  });

  /** A tenant whose CRM has taken a patient, and whose billing came later. */
  async function aDeliveredRecord() {
    const tenantId = await host.createTenant(`lab-again-${++labs}`);
    const lab = new ApiClient(host, await host.createKey(tenantId));
    const crm = await host.createIntegration({ url: vendor.url, tenantId });
    const emit = async (context: object): Promise<{ eventId: string; logId: string }> => {
      const { body } = await lab.post('/v1/events', { action: 57, context }).expect(202);
      await host.waitForLog(body.deliveries[0].logId, 'SUCCESS');
      return { eventId: body.eventId, logId: body.deliveries[0].logId };
    };
    const { eventId, logId } = await emit({ patientId: 'P-1', visit: 7 });
    return { tenantId, lab, crm, emit, eventId, logId };
  }

  const RECORD = { action: 'patient.registered', context: { patientId: 'P-1' } };

  it('previews by a context id what would be delivered to whom, and sends nothing', async () => {
    const { lab, crm, eventId, logId, tenantId } = await aDeliveredRecord();
    const billing = await host.createIntegration({ url: vendor.url, tenantId, name: 'Billing', vendor: 'Billing' });
    const sent = vendor.requests.length;
    const { body } = await lab.post('/v1/events/again/preview', RECORD).expect(200);
    expect(body).toMatchObject({
      context: { patientId: 'P-1', visit: 7 },
      repeatsEventId: eventId,
      deliveries: [
        { integrationId: crm._id, duplicate: expect.stringMatching(new RegExp(`has taken it at .*${logId}`)) },
        { integrationId: billing._id, duplicate: null, next: { request: { method: 'POST' }, refusal: null } },
      ],
    });
    expect(vendor.requests).toHaveLength(sent);
    expect((await lab.get('/v1/logs').expect(200)).body.items).toHaveLength(1);
  });

  it('is refused where an integration would get it twice, unless that is accepted', async () => {
    const { lab, eventId } = await aDeliveredRecord();
    const wanted = { ...RECORD, reason: 'the CRM lost it' };
    const refused = await lab.post('/v1/events/again', wanted).expect(409);
    expect(refused.body).toMatchObject({ code: 'ALREADY_DELIVERED', detail: expect.stringContaining('has taken it') });
    const { body } = await lab.post('/v1/events/again', { ...wanted, acceptDuplicate: true }).expect(202);
    await host.waitForLog(body.logIds[0], 'SUCCESS');
    const repeats = { eventId, by: expect.stringMatching(/^key /), reason: 'the CRM lost it' };
    expect(body).toMatchObject({ repeats, duplicate: false });
    const event = await lab.get(`/v1/events/${body.id}`).expect(200);
    expect(event.body).toMatchObject({ context: { patientId: 'P-1', visit: 7 }, repeats });
  });

  it('needs the whole context where the id fits several records', async () => {
    const { lab, emit } = await aDeliveredRecord();
    await emit({ patientId: 'P-1', visit: 8 });
    const { body } = await lab.post('/v1/events/again/preview', RECORD).expect(422);
    expect(body.code).toBe('AGAIN_AMBIGUOUS');
    const whole = { ...RECORD, context: { patientId: 'P-1', visit: 8 } };
    const shown = await lab.post('/v1/events/again/preview', whole).expect(200);
    expect(shown.body.context).toMatchObject({ visit: 8 });
  });

  it('emits for a record that never was, with its whole context', async () => {
    const { lab } = await aDeliveredRecord();
    host.patients.set('P-2', { id: 'P-2', name: 'Bo', phone: null });
    const wanted = { action: 57, context: { patientId: 'P-2' }, reason: 'registered before the CRM was there' };
    const { body } = await lab.post('/v1/events/again', wanted).expect(202);
    expect(body.repeats.eventId).toBeNull();
    expect(await host.waitForLog(body.logIds[0], 'SUCCESS')).toMatchObject({ attemptCount: 1 });
    expect((await lab.post('/v1/events/again', { ...wanted, context: { visit: 'x' } })).status).toBe(422);
    expect((await lab.post('/v1/events/again', { ...wanted, reason: '' })).status).toBe(400);
  });

  it('is one event for one idempotency key', async () => {
    const { lab } = await aDeliveredRecord();
    const wanted = { ...RECORD, reason: 'again', acceptDuplicate: true, idempotencyKey: `again-${labs}` };
    const first = await lab.post('/v1/events/again', wanted).expect(202);
    const second = await lab.post('/v1/events/again', wanted).expect(202);
    expect([second.body.id, second.body.duplicate]).toEqual([first.body.id, true]);
  });

  it("does not see another tenant's record", async () => {
    await aDeliveredRecord();
    const { lab } = await aDeliveredRecord();
    const other = new ApiClient(host, await host.createKey());
    expect((await lab.post('/v1/events/again/preview', RECORD).expect(200)).body.repeatsEventId).not.toBeNull();
    expect((await other.post('/v1/events/again/preview', RECORD).expect(200)).body.repeatsEventId).toBeNull();
  });
});
