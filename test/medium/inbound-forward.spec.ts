import { type FakeVendor, startFakeVendor, type VendorAnswer } from '../support/fake-vendor.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

const BODY = JSON.stringify({ type: 'result.ready' });
const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const FAILED = { status: 500, text: '{"code":"HANDLER_FAILED"}', type: JSON_TYPE };

describe('a sync source that forwards', () => {
  let host: TestHost;
  let behind: FakeVendor;

  beforeAll(async () => {
    behind = await startFakeVendor();
    host = await startTestHost();
  });

  afterAll(async () => {
    await host.close();
    await behind.close();
  });

  async function answerTo(answer: VendorAnswer) {
    behind.answer(answer);
    const handling = { kind: 'forward', url: `${behind.url}/webhooks` };
    const { path } = await createSource(host, { mode: 'sync', handling });
    const { status, text, headers } = await host.http.post(path).set(signed(BODY)).send(BODY);
    return { status, text, type: headers['content-type'] ?? null, cookie: headers['set-cookie'] ?? null };
  }

  it.each([
    ['JSON', { status: 200, body: { ok: true } }, { status: 200, text: '{"ok":true}', type: JSON_TYPE }],
    ['plain text', ofType('text/plain', 'EVENT_RECEIVED'), { status: 200, text: 'EVENT_RECEIVED', type: TEXT_TYPE }],
    ['what a browser would run', ofType('text/html', '<script>1</script>'), { status: 200, text: '', type: null }],
    ['no text', ofType('text/plain', Buffer.from([0xff, 0xfe])), { status: 200, text: '', type: null }],
    ['nothing', { status: 204 }, { status: 204, text: '', type: null }],
    [
      'what is wrong with the webhook',
      { status: 422, body: { field: 'sampleId' } },
      { status: 422, text: '{"field":"sampleId"}', type: JSON_TYPE },
    ],
    ['a fault of its own', { status: 503, body: { table: 'patients-2' } }, FAILED],
    ['another address', { status: 302, headers: { location: 'https://elsewhere.example/' } }, FAILED],
  ] as const)('answers as the host has answered: %s', async (_what, answer, expected) => {
    expect(await answerTo(answer)).toEqual({ ...expected, cookie: null });
  });
});

function ofType(contentType: string, body: string | Buffer): VendorAnswer {
  return { status: 200, headers: { 'content-type': contentType, 'set-cookie': 'host=1' }, body };
}
