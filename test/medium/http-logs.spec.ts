import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';

describe('/v1/logs', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let lab: ApiClient;
  let other: ApiClient;
  let platform: ApiClient;
  let integrationId: string;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    const patients = Array.from({ length: 9 }, (_, index) => ({
      id: `P-${index}`,
      name: `Patient ${index}`,
      phone: null,
    }));
    host = await startServerHost({ patients });
    await host.createTenant('lab-2');
    lab = new ApiClient(host, await host.createKey());
    other = new ApiClient(host, await host.createKey('lab-2'));
    platform = new ApiClient(host, await host.createKey(null));
    vendor.answer(({ body }) => (body.includes('P-8') ? { status: 422, body: { error: 'no phone' } } : {}));
    const integration = await host.createIntegration({
      url: vendor.url,
      auth: { kind: 'bearer', token: 'hush-hush-4711' },
    });
    integrationId = integration._id;
    for (let index = 0; index < 9; index += 1) {
      await emit(`P-${index}`, index === 8 ? 'FAIL' : 'SUCCESS');
    }
  });

  afterAll(async () => {
    // First, so that it does not keep the process where the host did not even start.
    await vendor.close();
    await host.close();
  });

  async function emit(patientId: string, status: 'SUCCESS' | 'FAIL'): Promise<string> {
    const { body } = await lab.post('/v1/events', { action: 57, context: { patientId } }).expect(202);
    const logId: string = body.deliveries[0].logId;
    await host.waitForLog(logId, status);
    return logId;
  }

  const idOf = async (query: string): Promise<string> => {
    const { body } = await lab.get(`/v1/logs?${query}`).expect(200);
    return body.items[0].id;
  };

  it('lists the newest first, without what only Waybill reads', async () => {
    const { body } = await lab.get('/v1/logs').expect(200);
    expect(body.items).toHaveLength(9);
    expect(body.nextCursor).toBeNull();
    expect(body.items[0]).toEqual({
      id: expect.stringMatching(/^log_/),
      tenantId: LAB,
      direction: 'outbound',
      status: 'FAIL',
      eventId: expect.stringMatching(/^evt_/),
      actionId: 57,
      actionName: 'patient.registered',
      integrationId,
      integrationName: 'CRM: new patients',
      vendor: 'CRM',
      context: { tenantId: LAB, patientId: 'P-8' },
      attemptCount: 1,
      errorClass: 'rejected',
      errorCode: expect.any(String),
      errorMessage: expect.stringContaining('422'),
      nextAttemptAt: null,
      extracts: {},
      retry: null,
      asSent: false,
      answeredBy: [],
      repeats: null,
      answers: null,
      resolution: null,
      correlationId: expect.any(String),
      parentLogId: null,
      occurredAt: expect.any(String),
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      completedAt: expect.any(String),
      statusCallbacks: [],
    });
  });

  it.each([
    ['status=FAIL', 1],
    ['status=SUCCESS', 8],
    ['errorClass=rejected', 1],
    ['errorClass=auth', 0],
    ['direction=outbound', 9],
    ['direction=inbound', 0],
    ['actionId=57', 9],
    ['actionId=1', 0],
    ['integrationId=int_none', 0],
    ['vendor=CRM', 9],
    ['vendor=CRM&status=FAIL', 1],
    ['vendor=EHR', 0],
    ['vendor=crm', 0],
    ['context[patientId]=P-3', 1],
    ['context%5BpatientId%5D=P-3', 1],
    ['context[patientId]=P', 0],
    ['context[patientId]=P-3&status=FAIL', 0],
    ['from=2020-01-01T00:00:00Z', 9],
    ['from=2099-01-01T00:00:00Z', 0],
    ['to=2020-01-01T00:00:00Z', 0],
    [`tenantId=${LAB}`, 9],
  ])('filters by %s', async (query, count) => {
    const { body } = await lab.get(`/v1/logs?${query}`).expect(200);
    expect(body.items).toHaveLength(count);
  });

  it.each([
    ['status=LOST', ['status']],
    ['errorClass=bad&direction=up', ['direction', 'errorClass']],
    ['from=yesterday', ['from']],
    ['vendor=', ['vendor']],
    ['vendor=CRM&vendor=EHR', ['vendor']],
    ['patientId=P-1', ['patientId']],
    ['context=P-1', ['context']],
    ['context[patientId]=P-1&context[patientId]=P-2', ['context[patientId]']],
    ['context[$where]=1', ['context[$where]']],
    ['context[tenantId]=lab-1', ['context[tenantId]']],
    ['limit=1000', ['limit']],
    ['cursor=nonsense', ['cursor']],
  ])('refuses %s by name', async (query, fields) => {
    const { body } = await lab.get(`/v1/logs?${query}`).expect(400);
    const named: { field: string }[] = body.faults;
    expect([...new Set(named.map(({ field }) => field))].sort()).toEqual(fields);
  });

  it('pages without a gap or a repetition while new logs come', async () => {
    const before = (await lab.all('/v1/logs', 200)).map(({ id }) => id);
    const first = await lab.get('/v1/logs?limit=4').expect(200);
    await emit('P-0', 'SUCCESS');
    const rest = await lab.get(`/v1/logs?limit=200&cursor=${first.body.nextCursor}`).expect(200);
    expect([...first.body.items, ...rest.body.items].map(({ id }: { id: string }) => id)).toEqual(before);
  });

  it('shows one log with every try, and no secret in it', async () => {
    const { body, text } = await lab.get(`/v1/logs/${await idOf('status=FAIL')}`).expect(200);
    expect(body.attempts).toHaveLength(1);
    expect(body.attempts[0]).toMatchObject({
      number: 1,
      trigger: 'first',
      outcome: 'fail',
      errorClass: 'rejected',
      superseded: false,
      request: { method: 'POST', body: { text: expect.stringContaining('Patient 8') } },
      response: { status: 422, body: { text: '{"error":"no phone"}' } },
    });
    expect(text).not.toContain('hush-hush');
  });

  describe('POST /:id/retry', () => {
    it('sends the record as it is now, and tells who asked and why', async () => {
      const id = await idOf('status=FAIL');
      vendor.answer({ status: 200, body: { ok: true } });
      host.patients.set('P-8', { id: 'P-8', name: 'Corrected', phone: '555-0108' });
      const { body } = await lab.post(`/v1/logs/${id}/retry`, { reason: 'phone added' }).expect(202);
      expect(body).toMatchObject({ id, status: 'QUEUED', retry: { reason: 'phone added' } });
      await host.waitForLog(id, 'SUCCESS');
      const log = await lab.get(`/v1/logs/${id}`).expect(200);
      expect(log.body.attempts).toMatchObject([
        { number: 1, outcome: 'fail' },
        {
          number: 2,
          outcome: 'success',
          trigger: 'manual',
          reason: 'phone added',
          requestedBy: expect.stringMatching(/^key /),
        },
      ]);
      expect(vendor.requests.at(-1)?.json).toMatchObject({ name: 'Corrected', phone: '555-0108' });
    });

    it('refuses a log that did not FAIL', async () => {
      const { status, body } = await lab.post(`/v1/logs/${await idOf('status=SUCCESS')}/retry`, { reason: 'again' });
      expect([status, body.code]).toEqual([409, 'LOG_NOT_RETRYABLE']);
    });

    it.each([
      {},
      { reason: '' },
      { reason: '   ' },
      { reason: 'x'.repeat(501) },
      { reason: 5 },
      { reason: 'ok', force: true },
    ])('refuses %j', async (body) => {
      expect((await lab.post(`/v1/logs/${await idOf('status=SUCCESS')}/retry`, body)).status).toBe(400);
    });

    it('does not find a missing log', async () => {
      expect((await lab.post('/v1/logs/log_none/retry', { reason: 'again' })).status).toBe(404);
    });
  });

  describe('for another tenant', () => {
    it("hides a tenant's logs: as if they did not exist", async () => {
      const id = await idOf('status=SUCCESS');
      const missing = await other.get('/v1/logs/log_none');
      for (const answer of await Promise.all([
        other.get(`/v1/logs/${id}`),
        other.post(`/v1/logs/${id}/retry`, { reason: 'mine' }),
      ])) {
        expect([answer.status, answer.body.code, answer.body.title]).toEqual([
          404,
          missing.body.code,
          missing.body.title,
        ]);
      }
      expect((await other.get('/v1/logs')).body.items).toEqual([]);
      expect((await other.get('/v1/logs?context[patientId]=P-1')).body.items).toEqual([]);
    });

    it('refuses to name it', async () => {
      const answers = await Promise.all([
        other.get(`/v1/logs?tenantId=${LAB}`),
        other.get(`/v1/logs/log_x?tenantId=${LAB}`),
        other.post(`/v1/logs/log_x/retry?tenantId=${LAB}`, { reason: 'mine' }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    });

    it("does not take a cursor for a way into another tenant's list", async () => {
      const { body } = await lab.get('/v1/logs?limit=1').expect(200);
      expect((await other.get(`/v1/logs?cursor=${body.nextCursor}`).expect(200)).body.items).toEqual([]);
    });

    it('has the platform name the tenant', async () => {
      await platform.get('/v1/logs').expect(400);
      const { body } = await platform.get(`/v1/logs?tenantId=${LAB}&limit=1`).expect(200);
      expect(body.items).toHaveLength(1);
      await platform.get('/v1/logs?tenantId=nobody').expect(404);
    });
  });
});
