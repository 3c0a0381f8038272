import { Webhook } from 'standardwebhooks';
import { ApiActionStore } from '../../src/actions/api-action.store.js';
import { type Attachment, AttachmentProvider, type AttachmentRequest, WaybillModule } from '../../src/index.js';
import { IntegrationInvalidError } from '../../src/integrations/integration-invalid.error.js';
import { INTEGRATIONS } from '../../src/integrations/integration.collection.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { SECRETS } from '../../src/security/secrets/secret.collection.js';
import { Database } from '../../src/storage/database.js';
import { type FakeVendor, startFakeVendor, type VendorRequest } from '../support/fake-vendor.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const PDF = Buffer.from('%PDF-1.4 a report \u00e4', 'latin1');

@AttachmentProvider('report-pdf')
class ReportPdf {
  async provide({ context }: AttachmentRequest): Promise<Attachment | null> {
    return context['patientId'] === 'P-none' ? null : { content: PDF, contentType: 'application/pdf' };
  }
}

@AttachmentProvider('twenty-mb')
class TwentyMegabytes {
  async provide(): Promise<Attachment> {
    return { content: Buffer.alloc(20 * 1024 * 1024), contentType: 'application/octet-stream' };
  }
}

@AttachmentProvider('store-down')
class StoreDown {
  private calls = 0;
  async provide(): Promise<Attachment> {
    this.calls += 1;
    if (this.calls === 1) throw new Error('the file store is down');
    return { content: PDF, contentType: 'application/pdf' };
  }
}

describe('what goes out', () => {
  let host: TestHost;
  let vendor: FakeVendor;

  beforeAll(async () => {
    host = await startTestHost({
      imports: [WaybillModule.forFeature({ attachments: [ReportPdf, TwentyMegabytes, StoreDown] })],
    });
  });

  afterAll(() => host.close());

  beforeEach(async () => {
    vendor = await startFakeVendor();
  });

  afterEach(() => vendor.close());

  let tenants = 0;

  /** Emits for one integration, of a tenant of its own, and answers with the log once it is done. */
  async function deliver(
    change: Readonly<Record<string, unknown>>,
    status: 'SUCCESS' | 'FAIL' = 'SUCCESS',
    patientId = 'P-1',
  ) {
    const tenantId = `lab-out-${++tenants}`;
    await host.createIntegration({ url: vendor.url, tenantId, ...change });
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId });
    const log = await host.waitForLog(deliveries[0]?.logId ?? '', status);
    return { log, tries: await host.find(IntegrationLogStore).attemptsOf(log) };
  }

  it.each([
    ['none', { kind: 'none' }, ({ headers }: VendorRequest) => headers.authorization, undefined],
    [
      'bearer',
      { kind: 'bearer', token: 'tok-12345' },
      ({ headers }: VendorRequest) => headers.authorization,
      'Bearer tok-12345',
    ],
    [
      'basic, in UTF-8',
      { kind: 'basic', username: 'läb', password: 'pässword-1' },
      ({ headers }: VendorRequest) => headers.authorization,
      `Basic ${Buffer.from('läb:pässword-1').toString('base64')}`,
    ],
    [
      'API key in a header',
      { kind: 'api-key', in: 'header', name: 'X-Lab-Key', value: 'key-98765' },
      ({ headers }: VendorRequest) => headers['x-lab-key'],
      'key-98765',
    ],
    [
      'API key in the query',
      { kind: 'api-key', in: 'query', name: 'apikey', value: 'key-98765' },
      ({ url }: VendorRequest) => new URL(url, 'http://vendor').searchParams.get('apikey'),
      'key-98765',
    ],
  ] as const)('authenticates: %s, and stores no secret in clear', async (_name, auth, read, expected) => {
    const { log, tries } = await deliver({ auth });
    expect(vendor.requests).toHaveLength(1);
    expect(vendor.requests.map(read)).toEqual([expected]);
    const secrets = Object.values(auth).filter((value) => /\d{1,}$/.test(value));
    const database = host.find(Database);
    const stored = JSON.stringify([
      log,
      tries,
      await database.model(SECRETS).find().lean(),
      await database.model(INTEGRATIONS).find().lean(),
    ]);
    for (const secret of secrets) {
      expect(stored).not.toContain(secret);
      expect(stored).not.toContain(Buffer.from(secret).toString('base64'));
    }
  });

  it.each([
    ['in the query', { kind: 'api-key', in: 'query', name: 'code', value: "abc~def!se'cret-1" }],
    ['as basic', { kind: 'basic', username: 'lab', password: 'pass-word-1' }],
  ])('keeps no credential %s in any form, even where the vendor echoes it', async (_where, auth) => {
    vendor.answer(({ url, headers }) => ({
      body: { echo: [url, headers.authorization ?? ''], access_token: 'vendor-issued-1' },
    }));
    const { tries } = await deliver({ auth });
    const kept = JSON.stringify(tries);
    for (const form of [
      "abc~def!se'cret-1",
      'abc%7Edef%21',
      'pass-word-1',
      Buffer.from('lab:pass-word-1').toString('base64'),
      'vendor-issued-1',
    ]) {
      expect(kept).not.toContain(form);
    }
  });

  it('sends a form where the vendor wants one', async () => {
    await deliver({
      endpoint: { url: vendor.url, format: 'form' },
      mapping: '{ "name": data.name, "tag": ["a", "b"], "none": null }',
    });
    expect(vendor.requests[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(vendor.requests[0]?.body).toBe('name=Ana+Souza&tag=a&tag=b&none=');
  });

  it('FAILs without a call when the body cannot be a form, naming the field', async () => {
    const { log } = await deliver(
      { endpoint: { url: vendor.url, format: 'form' }, mapping: '{ "nested": { "a": 1 } }' },
      'FAIL',
    );
    expect(log).toMatchObject({
      errorClass: 'intent',
      errorCode: 'BODY_FORMAT',
      errorMessage: expect.stringContaining('nested'),
    });
    expect(vendor.requests).toEqual([]);
  });

  it('fills attachments just in time, as base64 at their path', async () => {
    await deliver({ mapping: '{ "id": data.id }', attachments: [{ field: 'report.pdf', provider: 'report-pdf' }] });
    expect(vendor.requests[0]?.json).toEqual({ id: 'P-1', report: { pdf: PDF.toString('base64') } });
  });

  it.each([
    [
      'is missing',
      { field: 'pdf', provider: 'nobody' },
      'P-1',
      { errorClass: 'config', errorCode: 'ATTACHMENT_PROVIDER_MISSING' },
    ],
    [
      'has nothing',
      { field: 'pdf', provider: 'report-pdf' },
      'P-none',
      { errorClass: 'intent', errorCode: 'ATTACHMENT_MISSING' },
    ],
    [
      'returns 20 MB',
      { field: 'pdf', provider: 'twenty-mb' },
      'P-1',
      { errorClass: 'intent', errorCode: 'ATTACHMENT_TOO_LARGE' },
    ],
  ] as const)(
    'FAILs without a call when the attachment provider %s',
    async (_what, attachment, patientId, expected) => {
      host.patients.set('P-none', { id: 'P-none', name: 'No report', phone: null });
      const { log, tries } = await deliver({ name: _what, attachments: [attachment] }, 'FAIL', patientId);
      expect(log).toMatchObject(expected);
      expect(tries).toHaveLength(1);
      expect(vendor.requests).toEqual([]);
    },
  );

  it("tries again when the host's own store was down", async () => {
    const { tries } = await deliver({ attachments: [{ field: 'pdf', provider: 'store-down' }] });
    expect(tries.map(({ errorCode }) => errorCode)).toEqual(['ATTACHMENT_UNAVAILABLE', null]);
  });

  it.each([
    ['fails', '$error("bad " & data.name)', /EXPRESSION/],
    ['eats memory', '$reduce([1..200], function($s, $n){ $s & $s }, "aaaaaaaaaaaaaaaa")', /EXPRESSION_LIMIT/],
    ['gives nothing', 'data.missing', /MAPPING_EMPTY/],
  ] as const)('FAILs as intent, without a call, when the mapping %s', async (_what, mapping, code) => {
    const { log } = await deliver({ mapping }, 'FAIL');
    expect(log.errorClass).toBe('intent');
    expect(log.errorCode).toMatch(code);
    expect(vendor.requests).toEqual([]);
  });

  it.each([
    [{ mapping: '{ "id": data.id' }, 'mapping', /character|line|position/i],
    [{ filter: 'context.(' }, 'filter', /character|line|position/i],
    [{ url: 'ftp://vendor.example' }, 'endpoint.url', /http/],
    [{ url: 'not a url' }, 'endpoint.url', /absolute URL/],
    [{ url: 'http://169.254.169.254/latest' }, 'endpoint.url', /private or reserved/],
    [{ url: 'http://[::ffff:10.0.0.1]/' }, 'endpoint.url', /private or reserved/],
    [{ url: 'https://vendor.example/{{context.}}' }, 'endpoint.url', /\{\{context\.\}\}/],
    [
      { endpoint: { url: 'https://vendor.example', headers: { Host: 'evil' } } },
      'endpoint.headers.Host',
      /set by Waybill/,
    ],
    [
      { endpoint: { url: 'https://vendor.example', headers: { 'x-a': 'b\r\nx-c: d' } } },
      'endpoint.headers.x-a',
      /valid HTTP header/,
    ],
    [
      { endpoint: { url: 'https://vendor.example', headers: { 'X-Api-Key': 'abc' } } },
      'endpoint.headers.X-Api-Key',
      /put it into auth/,
    ],
    [{ auth: { kind: 'bearer' } }, 'auth.token', /string|token/],
    [{ auth: { kind: 'kerberos' } }, 'auth.kind', /one of none/],
    [{ actionId: 999 }, 'actionId', /GET \/v1\/actions/],
    [{ timeoutMs: '5s' }, 'timeoutMs', /integer|less|greater/],
    [{ colour: 'red' }, 'colour', /not a known field/],
  ] as const)('refuses to save %j, naming the field', async (change, field, says) => {
    const saving = host.createIntegration({ url: vendor.url, ...change });
    await expect(saving).rejects.toBeInstanceOf(IntegrationInvalidError);
    const faults = await saving.catch((error: IntegrationInvalidError) => error.details['faults']);
    expect(faults).toEqual(
      expect.arrayContaining([expect.objectContaining({ field, expected: expect.stringMatching(says) })]),
    );
  });

  it('refuses an address that a name resolves to at the time of the call', async () => {
    const guarded = await startTestHost({ settings: { network: { allowCidrs: [] } } });
    await guarded.createIntegration({ url: 'https://vendor.example' });
    const database = guarded.find(Database);
    await database
      .model(INTEGRATIONS)
      .updateMany({}, { $set: { 'endpoint.url': `http://localhost:${new URL(vendor.url).port}/` } });
    const { deliveries } = await guarded.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    expect(await guarded.waitForLog(deliveries[0]?.logId ?? '', 'FAIL')).toMatchObject({
      errorClass: 'config',
      errorCode: 'ADDRESS_REFUSED',
    });
    expect(vendor.requests).toEqual([]);
    await guarded.close();
  });

  it('rebuilds an action that was registered by API by a signed call of its intent URL', async () => {
    const intent = await startFakeVendor();
    const { action, signingSecret } = await host.find(ApiActionStore).register({
      id: 900,
      name: 'sample.collected',
      description: null,
      contextFields: [{ name: 'sampleId', type: 'string', required: true }],
      intentUrl: `${intent.url}/intents/sample`,
      createdBy: 'test',
    });
    intent.answer(({ json }) => ({ body: { tube: 'EDTA', asked: json } }));
    await host.createIntegration({
      url: vendor.url,
      actionId: action.id,
      tenantId: 'lab-api',
      mapping: '{ "tube": data.tube }',
    });
    const { deliveries } = await host.dispatcher.emitByReference('sample.collected', {
      tenantId: 'lab-api',
      sampleId: 'S-9',
    });
    await host.waitForLog(deliveries[0]?.logId ?? '', 'SUCCESS');
    expect(vendor.requests[0]?.json).toEqual({ tube: 'EDTA' });
    const [asked] = intent.requests;
    expect(asked?.json).toEqual({
      action: { id: 900, name: 'sample.collected' },
      context: { tenantId: 'lab-api', sampleId: 'S-9' },
    });
    const headers = Object.fromEntries(
      Object.entries(asked?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(() => new Webhook(signingSecret).verify(asked?.body ?? '', headers)).not.toThrow();

    for (const [answer, expected] of [
      [{ status: 404 }, { errorCode: 'RECORD_GONE', errorClass: 'intent' }],
      [{ status: 422 }, { errorCode: 'INTENT_REJECTED', errorClass: 'intent' }],
      [
        { status: 200, body: 'not json' },
        { errorCode: 'INTENT_REJECTED', errorClass: 'intent' },
      ],
      [{ status: 500 }, { errorCode: 'INTENT_UNAVAILABLE', errorClass: 'intent', attemptCount: 3 }],
    ] as const) {
      intent.answer(answer);
      const emitted = await host.dispatcher.emitByReference(900, { tenantId: 'lab-api', sampleId: 'S-9' });
      expect(await host.waitForLog(emitted.deliveries[0]?.logId ?? '', 'FAIL')).toMatchObject(expected);
    }
    expect(vendor.requests).toHaveLength(1);
    await intent.close();
  });
});
