import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

describe('a person and a log that FAILed', () => {
  let host: TestHost;
  /** A second process of the same installation. */
  let second: TestHost;
  let vendor: FakeVendor;
  let labs = 0;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    host = await startServerHost();
    second = await startServerHost({ settings: { ...host.settings } });
  });

  afterAll(async () => {
    await vendor.close();
    await second.close({ keepData: true });
    await host.close();
  });

  beforeEach(() => {
    host.patients.set('P-1', { id: 'P-1', name: 'Ana Souza', phone: '555-0101' });
    second.patients.set('P-1', { id: 'P-1', name: 'Ana Souza', phone: '555-0101' });
    vendor.answer({ status: 422 });
  });

  /** Of a tenant of its own. */
  async function aFailedLog(change: Readonly<Record<string, unknown>> = {}) {
    const tenantId = await host.createTenant(`lab-retries-${++labs}`);
    const integration = await host.createIntegration({ url: vendor.url, tenantId, ...change });
    const key = await host.createKey(tenantId);
    const lab = new ApiClient(host, key);
    const emit = async (): Promise<string> => {
      const { body } = await lab.post('/v1/events', { action: 57, context: { patientId: 'P-1' } }).expect(202);
      return body.deliveries[0].logId;
    };
    const logId = await emit();
    await host.waitForLog(logId, 'FAIL');
    const sent = () => vendor.requests.filter(({ headers }) => headers['webhook-id'] === logId);
    const found = async (query: string): Promise<string[]> => {
      const { body } = await lab.get(`/v1/logs?${query}`).expect(200);
      return body.items.map(({ id }: { id: string }) => id);
    };
    return { lab, elsewhere: new ApiClient(second, key), integration, logId, emit, sent, found };
  }

  const correct = (name: string) => {
    for (const { patients } of [host, second]) patients.set('P-1', { id: 'P-1', name, phone: null });
  };

  describe('retries it', () => {
    it('once, where two people do so at the same time in two processes', async () => {
      const { lab, elsewhere, logId, sent } = await aFailedLog();
      vendor.answer({ status: 200 });
      const answers = await Promise.all(
        [lab, elsewhere, lab, elsewhere].map((api) => api.post(`/v1/logs/${logId}/retry`, { reason: 'corrected' })),
      );
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409, 409, 409]);
      const { attemptCount } = await host.waitForLog(logId, 'SUCCESS');
      expect([attemptCount, sent().length]).toEqual([2, 2]);
    });

    it('and is told who has done so already, when and why', async () => {
      const { lab, logId, sent } = await aFailedLog();
      let release = () => {};
      vendor.answer(() => new Promise((resolve) => (release = () => resolve({ status: 200 }))));
      await lab.post(`/v1/logs/${logId}/retry`, { reason: 'phone added' }).expect(202);
      await vendor.waitFor(() => sent().length === 2);
      const { body } = await lab.post(`/v1/logs/${logId}/retry`, { reason: 'me too' }).expect(409);
      expect(body).toMatchObject({
        code: 'RETRY_RUNNING',
        detail: expect.stringMatching(/try 2 is due \S+; key \S+ \(test\) retried it at \S+Z \(phone added\)$/),
      });
      release();
      await host.waitForLog(logId, 'SUCCESS');
    });

    it('and the log says so, until the retry has FAILed', async () => {
      const { lab, logId, found } = await aFailedLog();
      vendor.answer(() => null);
      await lab.post(`/v1/logs/${logId}/retry`, { reason: 'phone added' }).expect(202);
      const { body } = await lab.get(`/v1/logs/${logId}`).expect(200);
      expect(body.resolution).toMatchObject({
        kind: 'retried',
        by: expect.stringMatching(/^key /),
        note: 'phone added',
      });
      expect(await found('resolved=true')).toEqual([logId]);
      vendor.answer({ status: 422 });
      const again = await aFailedLog();
      await again.lab.post(`/v1/logs/${again.logId}/retry`, { reason: 'again' }).expect(202);
      await host.waitForLog(again.logId, 'FAIL');
      const failed = await again.lab.get(`/v1/logs/${again.logId}`).expect(200);
      expect([failed.body.attemptCount, failed.body.resolution]).toEqual([2, null]);
      expect(await again.found('resolved=false')).toEqual([again.logId]);
    });
  });

  describe('has the same body sent again', () => {
    const AS_SENT = { reason: 'the vendor needs the same', asSent: true };

    it('where the integration allows it, also by the tries that follow by themselves', async () => {
      const { lab, logId, sent } = await aFailedLog({ retry: { allowAsSent: true }, signing: null });
      correct('Corrected');
      let calls = 0;
      vendor.answer(() => ({ status: ++calls === 1 ? 500 : 200 }));
      const { body } = await lab.post(`/v1/logs/${logId}/retry`, AS_SENT).expect(202);
      expect(body.asSent).toBe(true);
      await host.waitForLog(logId, 'SUCCESS');
      const [first, ...again] = sent();
      expect(again).toHaveLength(2);
      for (const request of again) {
        expect(request.body).toBe(first?.body);
        expect(request.headers['content-type']).toBe(first?.headers['content-type']);
      }
      const { body: log } = await lab.get(`/v1/logs/${logId}`).expect(200);
      expect(log.attempts.map(({ asSent = false }) => asSent)).toEqual([false, true, true]);
    });

    it('and once only: the next retry is built from the record again', async () => {
      const { lab, logId, sent } = await aFailedLog({ retry: { allowAsSent: true } });
      correct('Corrected');
      await lab.post(`/v1/logs/${logId}/retry`, AS_SENT).expect(202);
      await vendor.waitFor(() => sent().length === 2);
      await host.waitForLog(logId, 'FAIL');
      vendor.answer({ status: 200 });
      await lab.post(`/v1/logs/${logId}/retry`, { reason: 'now corrected' }).expect(202);
      const log = await host.waitForLog(logId, 'SUCCESS');
      expect(log).not.toHaveProperty('asSent');
      expect(sent().map(({ json }) => json)).toMatchObject([
        { name: 'Ana Souza' },
        { name: 'Ana Souza' },
        { name: 'Corrected' },
      ]);
    });

    it.each([
      ['the integration does not allow it', {}, /does not allow it/],
      ['its end was cut', { loggedBodyBytes: 5 }, /does not hold the end/],
      ['a part of it was redacted', { mapping: '{ "password": data.phone }' }, /redacted/],
      [
        'the address is filled from the record',
        { endpoint: { query: { name: '{{data.name}}' } } },
        /filled from the record/,
      ],
    ])('but not where %s', async (why, change, says) => {
      const allow = why.includes('allow') ? {} : { retry: { allowAsSent: true } };
      const { lab, logId, sent } = await aFailedLog({ ...allow, ...change });
      const { body } = await lab.post(`/v1/logs/${logId}/retry`, AS_SENT).expect(409);
      expect(body).toMatchObject({ code: 'AS_SENT_REFUSED', detail: expect.stringMatching(says) });
      expect(sent()).toHaveLength(1);
      expect(await host.waitForLog(logId, 'FAIL')).toMatchObject({ attemptCount: 1 });
    });
  });

  describe('resolves it without a retry', () => {
    it('with a note, and takes that back', async () => {
      const { lab, logId, found, sent } = await aFailedLog();
      expect(await found('resolved=false')).toEqual([logId]);
      const { body } = await lab.post(`/v1/logs/${logId}/resolve`, { note: 'told them by phone' }).expect(200);
      expect(body).toMatchObject({
        status: 'FAIL',
        resolution: {
          kind: 'resolved',
          by: expect.stringMatching(/^key /),
          at: expect.any(String),
          note: 'told them by phone',
        },
      });
      expect([await found('resolved=false'), await found('resolved=true'), await found('status=FAIL')]).toEqual([
        [],
        [logId],
        [logId],
      ]);
      const undone = await lab.post(`/v1/logs/${logId}/unresolve`).expect(200);
      expect(undone.body.resolution).toBeNull();
      expect(await found('resolved=false')).toEqual([logId]);
      expect(sent()).toHaveLength(1);
    });

    it('once: the second is told who was first', async () => {
      const { lab, logId } = await aFailedLog();
      const answers = await Promise.all(['a', 'b'].map((note) => lab.post(`/v1/logs/${logId}/resolve`, { note })));
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
      const refused = answers.find(({ status }) => status === 409);
      expect(refused?.body).toMatchObject({
        code: 'LOG_NOT_RESOLVABLE',
        detail: expect.stringContaining('resolved by key'),
      });
    });

    it('only where it FAILed, and takes back only what was resolved', async () => {
      const { lab, logId, emit } = await aFailedLog();
      expect((await lab.post(`/v1/logs/${logId}/unresolve`)).status).toBe(409);
      vendor.answer({ status: 200 });
      const { _id } = await host.waitForLog(await emit(), 'SUCCESS');
      expect((await lab.post(`/v1/logs/${_id}/resolve`, { note: 'x' })).status).toBe(409);
      expect((await lab.post('/v1/logs/log_none/resolve', { note: 'x' })).status).toBe(404);
      expect((await lab.post(`/v1/logs/${logId}/resolve`, { note: ' ' })).status).toBe(400);
    });

    it('and lets those go on that it held back', async () => {
      const ordering = { by: 'patientId', afterFail: 'hold' };
      const { lab, logId, emit } = await aFailedLog({ traffic: { ordering } });
      vendor.answer({ status: 200 });
      const behind = await emit();
      await lab.post(`/v1/logs/${logId}/resolve`, { note: 'sent by hand' }).expect(200);
      expect(await host.waitForLog(behind, 'SUCCESS')).toMatchObject({ attemptCount: 1 });
    });
  });
});
