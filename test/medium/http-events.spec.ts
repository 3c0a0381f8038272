import { ApiClient } from '../support/api-client.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';

describe('POST /v1/events', () => {
  let host: TestHost;
  let lab: ApiClient;
  let platform: ApiClient;

  beforeAll(async () => {
    host = await startServerHost({ role: 'api' });
    lab = new ApiClient(host, await host.createKey());
    platform = new ApiClient(host, await host.createKey(null));
    await host.createTenant('lab-2');
    await host.createIntegration({ url: 'http://127.0.0.1:1/on' });
    await host.createIntegration({ url: 'http://127.0.0.1:1/off', enabled: false });
  });

  afterAll(() => host.close());

  const registered = (context: object = { patientId: 'P-1' }) => ({ action: 57, context });

  it('accepts an event by the id of its action and says what becomes of it', async () => {
    const { status, body } = await lab.post('/v1/events', registered());
    expect(status).toBe(202);
    expect(body).toEqual({
      eventId: expect.stringMatching(/^evt_/),
      duplicate: false,
      deliveries: [{ logId: expect.stringMatching(/^log_/), integrationId: expect.stringMatching(/^int_/) }],
      skipped: [{ integrationId: expect.stringMatching(/^int_/), reason: 'disabled' }],
    });
  });

  it('accepts it by name, with the time it happened', async () => {
    const event = {
      action: 'patient.registered',
      context: { patientId: 'P-2' },
      occurredAt: '2026-01-02T03:04:05+02:00',
    };
    const { body } = await lab.post('/v1/events', event).expect(202);
    const stored = await lab.get(`/v1/events/${body.eventId}`).expect(200);
    expect(stored.body).toMatchObject({
      id: body.eventId,
      tenantId: LAB,
      actionId: 57,
      actionName: 'patient.registered',
      context: { patientId: 'P-2', tenantId: LAB },
      occurredAt: '2026-01-02T01:04:05.000Z',
      unmatchedReason: null,
      skipped: [{ reason: 'disabled' }],
    });
    expect(stored.body).not.toHaveProperty('contextHash');
  });

  it('tells why nothing was sent', async () => {
    const context = { tenantId: 'lab-2', patientId: 'P-1' };
    const { body } = await platform.post('/v1/events', registered(context)).expect(202);
    const stored = await platform.get(`/v1/events/${body.eventId}?tenantId=lab-2`).expect(200);
    expect(stored.body).toMatchObject({ deliveries: [], skipped: [], unmatchedReason: 'no_integration' });
  });

  it('ties the event to the correlation id of the request', async () => {
    const sent = await lab.post('/v1/events', registered()).set('x-correlation-id', 'desk-4711-abc');
    expect(sent.headers['x-correlation-id']).toBe('desk-4711-abc');
    const stored = await lab.get(`/v1/events/${sent.body.eventId}`);
    expect(stored.body.correlationId).toBe('desk-4711-abc');
  });

  describe('with an idempotency key', () => {
    it('records one event however often it is sent: 202, then 200', async () => {
      const send = () => lab.post('/v1/events', registered()).set('idempotency-key', 'visit-1');
      const first = await send().expect(202);
      const second = await send().expect(200);
      expect(second.body).toEqual({ ...first.body, duplicate: true });
    });

    it('is the same key in the header, quoted or not, and in the body', async () => {
      const first = await lab.post('/v1/events', registered()).set('idempotency-key', 'visit-2').expect(202);
      const quoted = await lab.post('/v1/events', registered()).set('idempotency-key', '"visit-2"').expect(200);
      const inBody = await lab.post('/v1/events', { ...registered(), idempotencyKey: 'visit-2' }).expect(200);
      expect([quoted.body.eventId, inBody.body.eventId]).toEqual([first.body.eventId, first.body.eventId]);
    });

    it('refuses it for another context', async () => {
      await lab.post('/v1/events', registered()).set('idempotency-key', 'visit-3').expect(202);
      const other = await lab.post('/v1/events', registered({ patientId: 'P-9' })).set('idempotency-key', 'visit-3');
      expect(other.status).toBe(422);
      expect(other.body.code).toBe('IDEMPOTENCY_KEY_REUSED');
    });

    it('refuses one that is too long, and two that differ', async () => {
      const long = await lab.post('/v1/events', registered()).set('idempotency-key', 'x'.repeat(256)).expect(400);
      expect(long.body.faults[0].field).toBe('Idempotency-Key');
      const two = await lab.post('/v1/events', { ...registered(), idempotencyKey: 'a' }).set('idempotency-key', 'b');
      expect(two.status).toBe(400);
    });

    it('belongs to its tenant', async () => {
      const other = new ApiClient(host, await host.createKey('lab-2'));
      const first = await lab.post('/v1/events', registered()).set('idempotency-key', 'visit-4').expect(202);
      const second = await other.post('/v1/events', registered()).set('idempotency-key', 'visit-4').expect(202);
      expect(second.body.eventId).not.toBe(first.body.eventId);
    });
  });

  it.each([
    ['an unknown action id', { action: 99, context: { patientId: 'P-1' } }, 422, 'ACTION_UNKNOWN', undefined],
    ['an unknown action name', { action: 'no.such', context: {} }, 422, 'ACTION_UNKNOWN', undefined],
    ['a missing field', registered({}), 422, 'CONTEXT_INVALID', ['context.patientId']],
    ['an extra field', registered({ patientId: 'P-1', ssn: '1' }), 422, 'CONTEXT_INVALID', ['context.ssn']],
    [
      'mistyped fields',
      registered({ patientId: 5, visit: 'x' }),
      422,
      'CONTEXT_INVALID',
      ['context.patientId', 'context.visit'],
    ],
    ['an unknown field of the request', { ...registered(), when: 'now' }, 400, 'REQUEST_INVALID', ['when']],
    ['no action', { context: {} }, 400, 'REQUEST_INVALID', ['action']],
    ['an action of another kind', { action: { id: 57 }, context: {} }, 400, 'REQUEST_INVALID', ['action']],
    ['a context that is no object', { action: 57, context: 'P-1' }, 400, 'REQUEST_INVALID', ['context']],
    ['a time that is none', { ...registered(), occurredAt: 'yesterday' }, 400, 'REQUEST_INVALID', ['occurredAt']],
    [
      'a day that does not exist',
      { ...registered(), occurredAt: '2026-13-41T00:00:00Z' },
      400,
      'REQUEST_INVALID',
      ['occurredAt'],
    ],
    [
      'a large context',
      registered({ patientId: 'P-1', note: 'x'.repeat(10_000) }),
      422,
      'CONTEXT_INVALID',
      ['context.note'],
    ],
  ])('refuses %s', async (_case, event, status, code, fields) => {
    const { body, headers, ...response } = await lab.post('/v1/events', event);
    expect({ status: response.status, code: body.code }).toEqual({ status, code });
    expect(headers['content-type']).toContain('application/problem+json');
    const named: { field: string }[] | undefined = body.faults;
    expect(named && [...new Set(named.map(({ field }) => field))]).toEqual(fields);
  });

  it("refuses a tenant that is not the key's, whether there is one or not", async () => {
    const others = await Promise.all(
      ['lab-2', 'no-such-lab'].map((tenantId) => lab.post('/v1/events', registered({ tenantId, patientId: 'P-1' }))),
    );
    expect(others.map(({ status, body }) => [status, body.code])).toEqual([
      [403, 'TENANT_FORBIDDEN'],
      [403, 'TENANT_FORBIDDEN'],
    ]);
    expect(others[0]?.body.detail).toBe(others[1]?.body.detail);
  });

  it('has a key of the platform name a tenant that exists', async () => {
    const unnamed = await platform.post('/v1/events', registered()).expect(400);
    expect(unnamed.body.faults[0].field).toBe('context.tenantId');
    const unknown = await platform.post('/v1/events', registered({ tenantId: 'nobody', patientId: 'P-1' })).expect(404);
    expect(unknown.body.code).toBe('TENANT_UNKNOWN');
  });

  it("does not find another tenant's event", async () => {
    const { body } = await lab.post('/v1/events', registered()).expect(202);
    const other = new ApiClient(host, await host.createKey('lab-2'));
    const hidden = await other.get(`/v1/events/${body.eventId}`);
    const missing = await lab.get('/v1/events/evt_none');
    expect([hidden.status, hidden.body.code]).toEqual([404, missing.body.code]);
  });

  describe('batch', () => {
    it('records each on its own and answers in order', async () => {
      const events = [
        { ...registered(), idempotencyKey: 'batch-1' },
        registered({}),
        'not an event',
        { ...registered(), idempotencyKey: 'batch-1' },
        { action: 99, context: {} },
        registered({ tenantId: 'lab-2', patientId: 'P-1' }),
      ];
      const { body } = await lab.post('/v1/events/batch', { events }).expect(207);
      expect(body).toMatchObject({ accepted: 1, duplicate: 1, refused: 4 });
      const results: { status: string; problem?: { code: string }; result?: { eventId: string } }[] = body.results;
      expect(results.map(({ problem }) => problem?.code)).toEqual([
        undefined,
        'CONTEXT_INVALID',
        'REQUEST_INVALID',
        undefined,
        'ACTION_UNKNOWN',
        'TENANT_FORBIDDEN',
      ]);
      expect(results[0]?.result?.eventId).toBe(results[3]?.result?.eventId);
    });

    it('takes 1,000 and no more', async () => {
      const events = Array.from({ length: 1_001 }, (_, index) => registered({ patientId: `B-${index}` }));
      const many = await lab.post('/v1/events/batch', { events: events.slice(1) }).expect(207);
      expect(many.body.accepted).toBe(1_000);
      await lab.post('/v1/events/batch', { events }).expect(400);
      await lab.post('/v1/events/batch', { events: [] }).expect(400);
    });

    it('refuses one key for all', async () => {
      const batch = { events: [registered()] };
      const { status, body } = await lab.post('/v1/events/batch', batch).set('idempotency-key', 'x');
      expect([status, body.faults[0].field]).toEqual([400, 'Idempotency-Key']);
    });
  });
});
