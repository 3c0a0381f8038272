import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

describe('POST /v1/logs/:id/preview', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let platform: ApiClient;
  let labs = 0;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    host = await startServerHost();
    platform = new ApiClient(host, await host.createKey(null));
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
  });

  beforeEach(() => {
    host.patients.set('P-1', { id: 'P-1', name: 'Ana Souza', phone: '555-0101' });
    vendor.answer({ status: 422, body: { error: 'no policy number' } });
  });

  /** A log that FAILed, of a tenant of its own. */
  async function aFailedLog(change: Readonly<Record<string, unknown>> = {}) {
    const tenantId = await host.createTenant(`lab-preview-${++labs}`);
    const settings = { actionId: 57, name: 'CRM', vendor: 'CRM', endpoint: { url: vendor.url }, ...change };
    const { body: integration } = await platform.post('/v1/integrations', { tenantId, ...settings }).expect(201);
    const emit = () => host.dispatcher.emit(PatientRegistered, { tenantId, patientId: 'P-1' });
    const { deliveries } = await emit();
    const logId = deliveries[0]?.logId ?? '';
    await host.waitForLog(logId, 'FAIL');
    const preview = async () =>
      (await platform.post(`/v1/logs/${logId}/preview?tenantId=${tenantId}`).expect(200)).body;
    const patch = (body: object) =>
      platform.patch(`/v1/integrations/${integration.id}?tenantId=${tenantId}`, body).expect(200);
    return { tenantId, integration, logId, emit, preview, patch };
  }

  const codes = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code);

  it('shows what would be sent beside what was, and sends nothing', async () => {
    const { preview } = await aFailedLog();
    const sent = vendor.requests.length;
    host.patients.set('P-1', { id: 'P-1', name: 'Ana Souza', phone: '555-0101', policyNumber: 'X-9' });
    const shown = await preview();
    expect(shown).toMatchObject({
      next: { integrationVersion: 1, request: { method: 'POST' }, refusal: null },
      last: { number: 1, outcome: 'fail', integrationVersion: 1, request: { method: 'POST' } },
      changes: [{ part: 'body', kind: 'added', path: '/policyNumber', before: null, after: 'X-9' }],
      incomplete: null,
    });
    expect(codes(shown)).toEqual(['record_changed']);
    expect(vendor.requests).toHaveLength(sent);
  });

  it('has nothing to warn of where a retry would send the same', async () => {
    const { preview } = await aFailedLog();
    expect(await preview()).toMatchObject({ changes: [], warnings: [] });
  });

  it('writes nothing: the log stays as it is', async () => {
    const { preview, logId, tenantId } = await aFailedLog();
    const before = await platform.get(`/v1/logs/${logId}?tenantId=${tenantId}`);
    await preview();
    expect((await platform.get(`/v1/logs/${logId}?tenantId=${tenantId}`)).body).toEqual(before.body);
  });

  it('fetches no token and shows no secret', async () => {
    let tokens = 0;
    vendor.answer(({ url }) => {
      if (!url.startsWith('/token')) return { status: 422 };
      tokens += 1;
      return { body: { access_token: 'tok-4711-hush', token_type: 'Bearer', expires_in: 1 } };
    });
    const { preview } = await aFailedLog({
      auth: {
        kind: 'oauth2-client-credentials',
        tokenUrl: `${vendor.url}/token`,
        clientId: 'waybill',
        clientSecret: 'client-secret-hush',
      },
      signing: { schemes: ['v1'] },
    });
    const [sent, fetched] = [vendor.requests.length, tokens];
    const shown = await preview();
    expect(shown.next.request.headers).toMatchObject({ authorization: '***', 'webhook-signature': '***' });
    expect(shown.changes).toEqual([]);
    expect(JSON.stringify(shown)).not.toMatch(/hush/);
    expect([vendor.requests.length, tokens]).toEqual([sent, fetched]);
  });

  it('says that the record is gone', async () => {
    const { preview } = await aFailedLog();
    host.patients.delete('P-1');
    const shown = await preview();
    expect(shown).toMatchObject({ next: { request: null, refusal: { errorCode: 'RECORD_GONE' } }, changes: null });
    expect(codes(shown)).toEqual(['record_gone']);
  });

  it('says that a later delivery of the same record succeeded', async () => {
    const { preview, emit, tenantId } = await aFailedLog();
    vendor.answer({ status: 200 });
    host.patients.set('P-2', { id: 'P-2', name: 'Bo', phone: null });
    const other = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId: 'P-2' });
    await host.waitForLog(other.deliveries[0]?.logId ?? '', 'SUCCESS');
    const elsewhere = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId: 'P-1', visit: 7 });
    await host.waitForLog(elsewhere.deliveries[0]?.logId ?? '', 'SUCCESS');
    expect(codes(await preview())).toEqual([]);
    const { deliveries } = await emit();
    await host.waitForLog(deliveries[0]?.logId ?? '', 'SUCCESS');
    const shown = await preview();
    expect(shown.warnings).toEqual([
      { code: 'later_success', message: expect.stringContaining(deliveries[0]?.logId ?? '-') },
    ]);
  });

  it('says which settings of the integration have changed', async () => {
    const { preview, patch } = await aFailedLog();
    await patch({ timeoutMs: 9_000 });
    await patch({ mapping: '{ "fullName": data.name }' });
    const shown = await preview();
    expect(shown.warnings).toEqual([
      { code: 'config_changed', message: expect.stringMatching(/from version 1 to 3: mapping, timeoutMs$/) },
      { code: 'record_changed', message: expect.stringContaining('may be the same') },
    ]);
    expect(shown.changes).toContainEqual(expect.objectContaining({ path: '/fullName', kind: 'added' }));
  });

  it('says that the integration is paused, disabled or deleted', async () => {
    const { preview, integration, tenantId, patch } = await aFailedLog();
    await platform
      .post(`/v1/integrations/${integration.id}/pause?tenantId=${tenantId}`, { reason: 'vendor asked' })
      .expect(200);
    const paused = await preview();
    expect(codes(paused)).toEqual(['integration_paused']);
    expect(paused.next.request).not.toBeNull();
    await patch({ enabled: false });
    const disabled = await preview();
    expect(codes(disabled)).toEqual(['integration_disabled', 'integration_paused', 'config_changed']);
    expect(disabled.next).toMatchObject({ request: null, refusal: { errorCode: 'INTEGRATION_DISABLED' } });
    await platform.delete(`/v1/integrations/${integration.id}?tenantId=${tenantId}`).expect(204);
    const deleted = await preview();
    expect(codes(deleted)).toEqual(['integration_deleted']);
    expect(deleted.next).toMatchObject({ integrationVersion: null, refusal: { errorCode: 'INTEGRATION_DELETED' } });
  });

  it('says that the vendor may have taken what was sent', async () => {
    vendor.answer(() => null);
    const { preview } = await aFailedLog({ timeoutMs: 200, retryPolicy: { maxAttempts: 1 } });
    expect(codes(await preview())).toEqual(['outcome_unknown']);
  });

  it('says that the log did not FAIL', async () => {
    const { emit, tenantId } = await aFailedLog();
    vendor.answer({ status: 200 });
    const { deliveries } = await emit();
    const { _id } = await host.waitForLog(deliveries[0]?.logId ?? '', 'SUCCESS');
    const { body } = await platform.post(`/v1/logs/${_id}/preview?tenantId=${tenantId}`).expect(200);
    expect(codes(body)).toEqual(['not_failed']);
  });

  it("does not find another tenant's log", async () => {
    const { logId } = await aFailedLog();
    const lab = new ApiClient(host, await host.createKey());
    expect((await lab.post(`/v1/logs/${logId}/preview`)).status).toBe(404);
  });
});
