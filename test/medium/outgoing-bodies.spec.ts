import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { type Attachment, AttachmentProvider, type AttachmentRequest, WaybillModule } from '../../src/index.js';
import { IntegrationInvalidError } from '../../src/integrations/integration-invalid.error.js';
import { delivererFor } from '../support/deliver.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const PDF = Buffer.from('%PDF-1.4 a report \u00e4', 'latin1');

@AttachmentProvider('nine-mb')
class NineMegabytes {
  async provide(): Promise<Attachment> {
    return { content: Buffer.alloc(9 * 1024 * 1024), contentType: 'application/octet-stream' };
  }
}

@AttachmentProvider('streamed')
class Streamed {
  async provide({ context }: AttachmentRequest): Promise<Attachment> {
    const about = { contentType: 'application/pdf', fileName: 'report.pdf' };
    switch (String(context['patientId'])) {
      case 'P-large':
        return { content: endless(), ...about };
      case 'P-said-large':
        return { content: endless(), sizeBytes: 2 ** 40, ...about };
      case 'P-short':
        return { content: Readable.from([PDF]), sizeBytes: PDF.length + 1, ...about };
      default:
        return { content: Readable.from([PDF.subarray(0, 5), PDF.subarray(5)]), sizeBytes: PDF.length, ...about };
    }
  }
}

const openStreams = new Set<Readable>();

function endless(): Readable {
  const stream = new Readable({
    read() {
      this.push(Buffer.alloc(65_536));
    },
    destroy(error, done) {
      openStreams.delete(stream);
      done(error);
    },
  });
  openStreams.add(stream);
  return stream;
}

describe('the formats of a body', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let deliver: ReturnType<typeof delivererFor>;

  beforeAll(async () => {
    host = await startTestHost({ imports: [WaybillModule.forFeature({ attachments: [NineMegabytes, Streamed] })] });
  });

  afterAll(() => host.close());

  beforeEach(async () => {
    vendor = await startFakeVendor();
    deliver = delivererFor(host, vendor);
  });

  afterEach(() => vendor.close());

  it('sends a file that its provider streams, and shows type, size and hash of it in the log', async () => {
    const { tries } = await deliver({ attachments: [{ field: 'pdf', provider: 'streamed' }] });
    expect(vendor.requests[0]?.json).toMatchObject({ id: 'P-1', pdf: PDF.toString('base64') });
    const { request } = tries[0] ?? {};
    expect(request?.body?.text).toMatch(
      /"pdf":"\[file: report\.pdf, application\/pdf, 19 bytes, sha256 [0-9a-f]{64}\]"/,
    );
    expect(request?.body).toMatchObject({
      sizeBytes: Number(vendor.requests[0]?.headers['content-length']),
      sha256: hash('sha256', vendor.requests[0]?.body ?? '', 'hex'),
      truncated: false,
    });
  });

  it.each([
    ['never ends', 'P-large', 'ATTACHMENT_TOO_LARGE', 1],
    ['says that it is too large', 'P-said-large', 'ATTACHMENT_TOO_LARGE', 1],
    ['ends too early', 'P-short', 'ATTACHMENT_UNAVAILABLE', 3],
  ])('FAILs without a call, and closes the stream, where it %s', async (_what, patientId, errorCode, attemptCount) => {
    host.patients.set(patientId, { id: patientId, name: 'Ana', phone: null });
    const { log } = await deliver({ attachments: [{ field: 'pdf', provider: 'streamed' }] }, 'FAIL', patientId);
    expect(log).toMatchObject({ errorClass: 'intent', errorCode, attemptCount });
    expect(openStreams.size).toBe(0);
    expect(vendor.requests).toEqual([]);
  });

  it('sends XML', async () => {
    await deliver({
      endpoint: { url: vendor.url, format: 'xml', headers: { 'Content-Type': 'text/xml; charset=utf-8' } },
      mapping: '{ "patient": { "@id": data.id, "name": data.name, "report": {} } }',
      attachments: [{ field: 'patient.report.pdf', provider: 'streamed' }],
    });
    expect(vendor.requests[0]?.headers['content-type']).toBe('text/xml; charset=utf-8');
    expect(vendor.requests[0]?.body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><patient id="P-1"><name>Ana Souza</name>' +
        `<report><pdf>${PDF.toString('base64')}</pdf></report></patient>`,
    );
  });

  it('sends plain text, such as HL7 v2, as the mapping writes it', async () => {
    await deliver({
      endpoint: { url: vendor.url, format: 'text', headers: { 'content-type': 'x-application/hl7-v2+er7' } },
      mapping: '"MSH|^~\\\\&|WAYBILL\\rPID|1||" & data.id & "\\r"',
    });
    expect(vendor.requests[0]?.headers['content-type']).toBe('x-application/hl7-v2+er7');
    expect(vendor.requests[0]?.body).toBe('MSH|^~\\&|WAYBILL\rPID|1||P-1\r');
  });

  it('sends files as parts of a multipart body', async () => {
    const { tries } = await deliver({
      endpoint: { url: vendor.url, format: 'multipart' },
      mapping: '{ "id": data.id, "meta": { "kind": "report" } }',
      attachments: [{ field: 'file', provider: 'streamed' }],
    });
    const [request] = vendor.requests;
    const form = await new Response(request?.bytes, {
      headers: { 'content-type': request?.headers['content-type'] ?? '' },
    }).formData();
    const file = form.get('file');
    if (!(file instanceof File)) throw new Error('the file is missing');
    expect([form.get('id'), form.get('meta')]).toEqual(['P-1', '{"kind":"report"}']);
    expect([file.name, file.type]).toEqual(['report.pdf', 'application/pdf']);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(PDF);
    expect(tries[0]?.request?.body?.text).toContain('[file: report.pdf, application/pdf, 19 bytes');
  });

  it.each([
    ['', []],
    [' with a file', [{ field: 'pdf', provider: 'streamed' }]],
  ])('compresses the body%s where it is asked to, and shows it as it was', async (_what, attachments) => {
    const { tries } = await deliver({ endpoint: { url: vendor.url, compression: 'gzip' }, attachments });
    const [request] = vendor.requests;
    const content = gunzipSync(request?.bytes ?? '').toString();
    expect(request?.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(request?.bytes.length),
    });
    expect(JSON.parse(content)).toMatchObject({
      id: 'P-1',
      ...(attachments[0] ? { pdf: PDF.toString('base64') } : {}),
    });
    expect(tries[0]?.request?.body).toMatchObject({
      text: expect.stringContaining('"id":"P-1"'),
      sizeBytes: Buffer.byteLength(content),
    });
  });

  it('lets deliveries without files pass those that wait for the budget of files', async () => {
    const narrow = await startTestHost({
      imports: [WaybillModule.forFeature({ attachments: [Streamed] })],
      settings: { delivery: { concurrency: 8, attachmentBudgetBytes: 1024 * 1024 } },
    });
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    vendor.answer(async ({ url }) => {
      if (url === '/file') await released;
      return {};
    });
    try {
      await narrow.createIntegration({
        url: `${vendor.url}/file`,
        filter: 'context.visit != 9',
        attachments: [{ field: 'pdf', provider: 'streamed' }],
      });
      await narrow.createIntegration({ url: `${vendor.url}/plain`, filter: 'context.visit = 9' });
      const emit = (visit: number) =>
        narrow.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1', visit });
      const first = await emit(1);
      await vendor.waitFor(({ url }) => url === '/file');
      // Its budget is given back down to the size of its file, which leaves too little for another.
      const others = await Promise.all([emit(2), emit(3), emit(9)]);
      await vendor.waitFor(({ url }) => url === '/plain');
      expect(vendor.requests.filter(({ url }) => url === '/file')).toHaveLength(1);
      release();
      for (const { deliveries } of [first, ...others])
        for (const { logId } of deliveries) await narrow.waitForLog(logId, 'SUCCESS');
    } finally {
      release();
      await narrow.close();
    }
  });

  it('leaves the connection alone where the vendor answers before it has read everything', async () => {
    const early = createServer((_request, response) => {
      response.writeHead(413, { connection: 'close' }).end();
    }).listen(0, '127.0.0.1');
    await once(early, 'listening');
    const address = early.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const { log } = await deliver(
      { endpoint: { url }, retryPolicy: { maxAttempts: 1 }, attachments: [{ field: 'pdf', provider: 'nine-mb' }] },
      'FAIL',
    );
    expect(['HTTP_413', 'VENDOR_CONNECTION_CLOSED']).toContain(log.errorCode);
    early.closeAllConnections();
    early.close();
  });

  it('checks the body by the schema of the integration, and sends nothing that does not meet it', async () => {
    const schema = {
      type: 'object',
      properties: {
        id: { type: 'string' },
        phone: { type: 'string', pattern: '^\\+' },
        pdf: { type: 'string', contentEncoding: 'base64', pattern: '^[A-Za-z0-9+/]+$' },
      },
      required: ['pdf'],
    };
    const attachments = [{ field: 'pdf', provider: 'streamed' }];
    await deliver({ schema, attachments, mapping: '{ "id": data.id, "phone": "+351" }' });
    expect(vendor.requests[0]?.json).toEqual({ id: 'P-1', phone: '+351', pdf: PDF.toString('base64') });
    const { log, tries } = await deliver({ schema, attachments }, 'FAIL');
    expect(log).toMatchObject({ errorClass: 'intent', errorCode: 'BODY_SCHEMA_FAILED', attemptCount: 1 });
    expect(log.errorMessage).toContain('/phone must match pattern "^\\+" (pattern)');
    expect(log.errorMessage).not.toContain('555');
    expect(tries[0]?.request).toBeNull();
    expect(vendor.requests).toHaveLength(1);
  });

  it("names the place in a mapping that fails, and the input's shape without its values", async () => {
    const { log } = await deliver({ mapping: '{\n  "a": data.name,\n  "b": -data.name\n}' }, 'FAIL');
    expect(log.errorMessage).toMatch(/failed at character \d+, line 3, column \d+.*not a number/);
    expect(log.errorMessage).toContain('shape { data: { id: string, name: string, phone: string }');
    expect(log.errorMessage).not.toMatch(/Ana|555/);
  });

  it.each([
    [
      { endpoint: { url: 'https://vendor.example', headers: { 'Content-Encoding': 'gzip' } } },
      'endpoint.headers.Content-Encoding',
      /set by Waybill/,
    ],
    [
      { endpoint: { url: 'https://vendor.example', format: 'multipart', headers: { 'Content-Type': 'a/b' } } },
      'endpoint.headers.content-type',
      /set by Waybill itself where endpoint.format is multipart/,
    ],
    [{ schema: { type: 'object', properties: { a: { type: 'sting' } } } }, 'schema', /#\/properties\/a\/type/],
    [{ schema: { description: 'x'.repeat(66_000) } }, 'schema', /65536 bytes/],
    [{ schema: 'string' }, 'schema', /must be an object/],
    [{ endpoint: { url: 'https://vendor.example', format: 'yaml' } }, 'endpoint.format', /json, form, xml/],
    [{ endpoint: { url: 'https://vendor.example', compression: 'br' } }, 'endpoint.compression', /none, gzip/],
    [
      { endpoint: { url: 'https://vendor.example', format: 'text' }, attachments: [{ field: 'a', provider: 'b' }] },
      'attachments',
      /no place for files/,
    ],
    [
      {
        attachments: [
          { field: 'a.b', provider: 'c' },
          { field: 'a', provider: 'c' },
        ],
      },
      'attachments.0.field',
      /a place of its own; a is another file/,
    ],
  ] as const)('refuses to save %j, naming the field', async (change, field, says) => {
    const saving = host.createIntegration({ url: vendor.url, ...change });
    await expect(saving).rejects.toBeInstanceOf(IntegrationInvalidError);
    const faults = await saving.catch((error: IntegrationInvalidError) => error.details['faults']);
    expect(faults).toEqual([expect.objectContaining({ field, expected: expect.stringMatching(says) })]);
  });
});
