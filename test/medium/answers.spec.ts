import { asLogId } from '../../src/common/ids.js';
import { type Attachment, AttachmentProvider, WaybillModule } from '../../src/index.js';
import { INTEGRATIONS } from '../../src/integrations/integration.collection.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { RetryService } from '../../src/retries/retry.service.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { delivererFor } from '../support/deliver.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

/** Is done two seconds after it was asked first, and so after the deadline of the event. */
@AttachmentProvider('after-the-deadline')
class AfterTheDeadline {
  async provide(): Promise<Attachment> {
    const doneAt = Date.now() + 2_000;
    await eventually(
      () => Date.now(),
      (now) => now > doneAt,
    );
    return { content: Buffer.from('%PDF'), contentType: 'application/pdf' };
  }
}

describe('what comes back', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let deliver: ReturnType<typeof delivererFor>;

  beforeAll(async () => {
    host = await startServerHost({ imports: [WaybillModule.forFeature({ attachments: [AfterTheDeadline] })] });
  });

  afterAll(() => host.close());

  beforeEach(async () => {
    vendor = await startFakeVendor();
    deliver = delivererFor(host, vendor);
  });

  afterEach(() => vendor.close());

  const integrationOf = (id: string) => host.find(Database).model(INTEGRATIONS).findById(id).lean();

  describe('the success rule', () => {
    it('reads status, headers and body', async () => {
      const successRule = { expression: 'status = 200 and headers."x-result" = "ok" and body.accepted' };
      vendor.answer({ headers: { 'X-Result': 'ok' }, body: { accepted: true } });
      await deliver({ successRule });
      vendor.answer({ headers: { 'X-Result': 'no' }, body: { accepted: true } });
      const { log } = await deliver({ successRule }, 'FAIL');
      expect(log).toMatchObject({ errorClass: 'rejected', errorCode: 'SUCCESS_RULE_FALSE', attemptCount: 1 });
    });

    it("says no with the vendor's own words, redacted", async () => {
      vendor.answer({ body: { result: 'ERR', message: 'no such test for key hush-hush-4711' } });
      const auth = { kind: 'bearer', token: 'hush-hush-4711' };
      const { log } = await deliver({ auth, successRule: { expression: 'body.result = "OK"' } }, 'FAIL');
      expect(log.errorMessage).toMatch(/success rule\. It says: no such test for key \*\*\*$/);
      vendor.answer({ status: 422, body: `<p>no such test ${'x'.repeat(1_000)}</p>` });
      const { log: byStatus } = await deliver({}, 'FAIL');
      expect(byStatus.errorMessage).toMatch(/answered 422: the request was refused\. It says: no such test x{287}…$/);
    });
  });

  it('does not follow a redirect, and says where it leads', async () => {
    vendor.answer({ status: 307, headers: { location: '/elsewhere?key=hush-hush' } });
    const { log } = await deliver({}, 'FAIL');
    expect(log).toMatchObject({ errorClass: 'rejected', errorCode: 'HTTP_307', attemptCount: 1 });
    expect(log.errorMessage).toContain(`a redirect to ${vendor.url}/elsewhere, which is not followed`);
    expect(vendor.requests).toHaveLength(1);
  });

  it.each([
    ['an answer that is no success', 500, 'FAIL', 'VENDOR_DISABLED'],
    ['a success', 200, 'SUCCESS', null],
  ] as const)(
    'switches the integration off by webhook-delivery: disable in %s',
    async (_what, status, end, errorCode) => {
      vendor.answer({ status, headers: { 'webhook-delivery': 'disable' } });
      const { log, integration } = await deliver({}, end);
      expect(log).toMatchObject({ errorClass: end === 'FAIL' ? 'gone' : null, errorCode, attemptCount: 1 });
      const off = await eventually(
        () => integrationOf(integration._id),
        (now) => now?.enabled === false,
      );
      expect(off?.disabledReason).toContain('webhook-delivery: disable');
    },
  );

  it('gives up by webhook-delivery: abort-message, and leaves the integration on', async () => {
    vendor.answer({ status: 503, headers: { 'webhook-delivery': 'abort-message', 'retry-after': '1' } });
    const { log, integration } = await deliver({}, 'FAIL');
    expect(log).toMatchObject({ errorClass: 'rejected', errorCode: 'VENDOR_ABORTED', attemptCount: 1 });
    expect(await integrationOf(integration._id)).toMatchObject({ enabled: true });
  });

  it.each([429, 503])('waits after %p as long as the vendor asks, by a date', async (status) => {
    const askedAt = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000);
    vendor.answer(() =>
      vendor.requests.length === 1 ? { status, headers: { 'retry-after': askedAt.toUTCString() } } : { status: 200 },
    );
    const { tries } = await deliver({});
    expect(tries[0]).toMatchObject({ errorClass: 'throttled', nextAttemptAt: expect.any(Date) });
    expect(vendor.requests[1]?.receivedAt.getTime()).toBeGreaterThanOrEqual(askedAt.getTime());
  });

  describe('bodies in the log', () => {
    it('are kept up to the limit of the integration, saying what was cut', async () => {
      vendor.answer({ body: { text: 'y'.repeat(100) } });
      const { tries } = await deliver({ mapping: '{ "text": $pad("", 100, "x") }', loggedBodyBytes: 30 });
      const size = { sizeBytes: 111, truncated: true, cutBytes: 81, contentType: 'application/json' };
      expect(tries[0]?.request?.body).toMatchObject({ text: `{"text":"${'x'.repeat(21)}`, ...size });
      expect(tries[0]?.response?.body).toMatchObject({ text: `{"text":"${'y'.repeat(21)}`, ...size });
    });

    it('are kept by type, size and hash where they are binary', async () => {
      vendor.answer({ headers: { 'content-type': 'application/pdf' }, body: Buffer.from([0x25, 0x50, 0xff, 0xfe]) });
      const { tries } = await deliver({});
      expect(tries[0]?.response?.body).toEqual({
        contentType: 'application/pdf',
        text: null,
        sizeBytes: 4,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        truncated: false,
        cutBytes: 0,
      });
    });
  });

  describe('extracts', () => {
    const extracts = {
      vendorRef: 'body.order.ref',
      server: 'headers."x-server"',
      count: '$count(body.items)',
      list: 'body.items',
      long: '$pad("", 300, "x")',
      broken: '-body.order.ref',
      nothing: 'body.nothing',
    };

    it('are lifted into the log, shown, and searched for', async () => {
      const lab = new ApiClient(host, await host.createKey());
      vendor.answer({ headers: { 'x-server': 's1' }, body: { order: { ref: 'A-7 ü' }, items: [1, 2] } });
      await host.createIntegration({ url: vendor.url, extracts });
      const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
      const { _id: id } = await host.waitForLog(deliveries[0]?.logId ?? '', 'SUCCESS');

      const { body: found } = await lab.get(`/v1/logs?extract[vendorRef]=${encodeURIComponent('A-7 ü')}`).expect(200);
      const lifted = { vendorRef: 'A-7 ü', server: 's1', count: 2 };
      expect(found.items).toEqual([expect.objectContaining({ id, extracts: lifted })]);
      const both = await lab.get('/v1/logs?extract[count]=2&context[patientId]=P-1').expect(200);
      expect(both.body.items).toHaveLength(1);
      for (const none of ['extract[vendorRef]=A-8', 'extract[ref]=A-7', 'context[vendorRef]=A-7']) {
        const { body } = await lab.get(`/v1/logs?${none}`).expect(200);
        expect(body.items).toEqual([]);
      }
      const { body: detail } = await lab.get(`/v1/logs/${id}`).expect(200);
      expect(detail.extracts).toEqual(lifted);
      expect(detail.attempts[0].extracts).toEqual(lifted);
      expect(detail.attempts[0].extractFaults).toEqual({
        list: 'must give a primitive (received: array)',
        long: 'must give at most 256 characters (received: 300)',
        broken: expect.stringMatching(/^The expression failed/),
      });
      await lab.get('/v1/logs?extract[a.b]=1').expect(400);
    });

    it('are lifted from an answer that is no success too, and found whichever try lifted them', async () => {
      vendor.answer(() => ({
        status: vendor.requests.length === 1 ? 500 : 200,
        body: { ref: vendor.requests.length },
      }));
      const { log } = await deliver({ extracts: { ref: 'body.ref' } });
      expect(log.extracts).toEqual({ ref: 2 });
      expect(log.contextKeys).toEqual(['patientId=P-1', 'extract.ref=1', 'extract.ref=2']);
    });

    it('hold no secret that the vendor echoes', async () => {
      vendor.answer(({ headers }) => ({ body: { echo: headers.authorization } }));
      const auth = { kind: 'bearer', token: 'hush-hush-4711' };
      const { log } = await deliver({ auth, extracts: { echo: 'body.echo' } });
      expect(JSON.stringify(log)).not.toContain('hush-hush');
    });
  });

  describe('the deadline', () => {
    it('makes no call once it has passed, not even for a person', async () => {
      const tenantId = await host.createTenant('lab-late');
      await host.createIntegration({ url: vendor.url, tenantId, retryPolicy: { maxAttempts: 3, deadlineMs: 60_000 } });
      const occurredAt = new Date(Date.now() - 61_000);
      const { deliveries } = await host.dispatcher.emit(
        PatientRegistered,
        { tenantId, patientId: 'P-1' },
        { occurredAt },
      );
      const log = await host.waitForLog(deliveries[0]?.logId ?? '', 'FAIL');
      expect(log).toMatchObject({ errorClass: 'intent', errorCode: 'DEADLINE_PASSED', attemptCount: 1 });
      await host.find(RetryService).retry(tenantId, log._id, { requestedBy: 'test', reason: 'again' });
      expect(await host.waitForLog(log._id, 'FAIL')).toMatchObject({ errorCode: 'DEADLINE_PASSED', attemptCount: 2 });
      expect(vendor.requests).toEqual([]);
    });

    it('makes no call where it passes while the body is made', async () => {
      const tenantId = await host.createTenant('lab-slow');
      await host.createIntegration({
        url: vendor.url,
        tenantId,
        attachments: [{ field: 'pdf', provider: 'after-the-deadline' }],
        retryPolicy: { deadlineMs: 2_000 },
      });
      const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId: 'P-1' });
      const log = await host.waitForLog(deliveries[0]?.logId ?? '', 'FAIL');
      expect(log).toMatchObject({ errorCode: 'DEADLINE_PASSED', attemptCount: 1 });
      expect(vendor.requests).toEqual([]);
    });

    it('plans no try beyond it, and keeps what the last one ended with', async () => {
      vendor.answer({ status: 500 });
      const { log, tries } = await deliver({ retryPolicy: { waitsMs: [10, 60_000], deadlineMs: 30_000 } }, 'FAIL');
      expect(log).toMatchObject({ errorClass: 'transient', errorCode: 'DEADLINE_PASSED', nextAttemptAt: null });
      expect(log.errorMessage).toMatch(/before the next try\. The last one: The vendor answered 500/);
      expect(tries.map(({ errorCode }) => errorCode)).toEqual(['HTTP_500', 'HTTP_500']);
    });
  });

  it('waits as the policy lists', async () => {
    vendor.answer({ status: 500 });
    const { log, tries } = await deliver({ retryPolicy: { waitsMs: [20, 40, 30] } }, 'FAIL');
    expect(log.attemptCount).toBe(4);
    const waits = tries.map(({ startedAt, durationMs, nextAttemptAt }) =>
      nextAttemptAt ? nextAttemptAt.getTime() - startedAt.getTime() - durationMs : null,
    );
    expect(waits[3]).toBeNull();
    for (const [index, wait] of [20, 40, 30].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(wait - 1);
      expect(waits[index]).toBeLessThan(wait + 500);
    }
  });

  it('says in the log when the next try is due, for as long as it is QUEUED', async () => {
    vendor.answer({ status: 500 });
    const tenantId = await host.createTenant('lab-queued');
    await host.createIntegration({ url: vendor.url, tenantId, retryPolicy: { waitsMs: [3_600_000] } });
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId: 'P-1' });
    const store = host.find(IntegrationLogStore);
    const log = await eventually(
      () => store.find(tenantId, asLogId(deliveries[0]?.logId ?? '')),
      (now) => now?.attemptCount === 1,
    );
    expect(log?.status).toBe('QUEUED');
    const inMs = (log?.nextAttemptAt?.getTime() ?? 0) - Date.now();
    expect(inMs).toBeGreaterThan(3_500_000);
    expect(inMs).toBeLessThanOrEqual(3_600_000);
  });
});
