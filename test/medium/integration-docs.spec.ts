import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Attachment, AttachmentProvider, WaybillModule } from '../../src/index.js';
import {
  EndpointInput,
  IntegrationInput,
  RetryPolicyInput,
  SuccessRuleInput,
  TrafficInput,
} from '../../src/integrations/integration-input.dto.js';
import { AUTH_KINDS } from '../../src/integrations/auth/auth-kinds.js';
import { isRecord } from '../../src/common/primitives.js';
import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const read = (path: string) => readFileSync(join(__dirname, '../..', path), 'utf8');
const PAGE = read('docs/integrations.md');

/** What stands for the `...` of keys and certificates. */
const PEM: Readonly<Record<string, string>> = {
  certificate: read('test/support/certificates/client.pem'),
  privateKey: read('test/support/certificates/client.key.pem'),
  ca: read('test/support/certificates/authority.pem'),
};

const settingsIn = (json: string): Record<string, unknown> =>
  JSON.parse(json, (key, value: unknown) =>
    typeof value === 'string' && value.startsWith('-----BEGIN') ? PEM[key] : value,
  );

interface Example {
  readonly settings: Record<string, unknown>;
  /** What the vendor receives; `null` where the page does not say. */
  readonly sent: string | null;
}

const BLOCK = /^```(?:\w+) (integration|sent)\n([\s\S]*?)\n```$/gm;

function examplesOf(page: string): Example[] {
  const examples: { settings: Record<string, unknown>; sent: string | null }[] = [];
  for (const [, kind, text = ''] of page.matchAll(BLOCK)) {
    const last = examples.at(-1);
    if (kind === 'integration') examples.push({ settings: settingsIn(text), sent: null });
    else if (last) last.sent = text;
  }
  return examples;
}

const EXAMPLES = examplesOf(PAGE);

@AttachmentProvider('report-pdf')
class ReportPdf {
  async provide(): Promise<Attachment> {
    return { content: Buffer.from('%PDF-1.4'), contentType: 'application/pdf', fileName: 'report.pdf' };
  }
}

describe('docs/integrations.md', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let platform: ApiClient;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    host = await startServerHost({ imports: [WaybillModule.forFeature({ attachments: [ReportPdf] })] });
    platform = new ApiClient(host, await host.createKey(null));
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
  });

  const [first] = EXAMPLES;

  it.each(EXAMPLES.map((example, index) => [index + 1, example] as const))(
    'example %p is an integration, and sends what the page says',
    async (number, { settings, sent }) => {
      const tenantId = await host.createTenant(`lab-docs-${number}`);
      const example = JSON.stringify({ ...first?.settings, ...settings });
      const address = 'tls' in settings ? 'https://vendor.example' : vendor.url;
      const integration: Record<string, unknown> = JSON.parse(example.replaceAll('https://vendor.example', address));
      const { body: created } = await platform.post('/v1/integrations', { tenantId, ...integration }).expect(201);
      const { auth: _auth, tls: _tls, signing: _signing, ...readable } = integration;
      expect(created).toMatchObject(readable);
      expect(await receivedOf(tenantId, sent)).toBe(sent && comparable(sent));
    },
  );

  /** What the vendor receives for one event, where the page says anything about it. */
  async function receivedOf(tenantId: string, sent: string | null): Promise<string | null> {
    if (sent === null) return null;
    const { body: event } = await platform
      .post('/v1/events', { action: 57, context: { tenantId, patientId: 'P-1' } })
      .expect(202);
    await host.waitForLog(event.deliveries[0].logId, 'SUCCESS');
    return comparable(vendor.requests.at(-1)?.body ?? '');
  }

  /** JSON without its white space, which the page has for its readers. */
  const comparable = (text: string) => (text.startsWith('{') ? JSON.stringify(JSON.parse(text)) : text);

  const shown = (of: (settings: Record<string, unknown>) => unknown) =>
    new Set(
      EXAMPLES.flatMap(({ settings }) => {
        const part = of(settings);
        return isRecord(part) ? Object.keys(part) : [];
      }),
    );

  it.each([
    ['an integration', new IntegrationInput(), shown((settings) => settings)],
    ['endpoint', new EndpointInput(), shown(({ endpoint }) => endpoint)],
    ['successRule', new SuccessRuleInput(), shown(({ successRule }) => successRule)],
    ['retryPolicy', new RetryPolicyInput(), shown(({ retryPolicy }) => retryPolicy)],
    ['traffic', new TrafficInput(), shown(({ traffic }) => traffic)],
  ])('has an example for every setting of %s', (_what, defaults, names) => {
    const missing = Object.keys(defaults).filter((name) => !names.has(name));
    expect(missing).toEqual([]);
  });

  it('shows every kind of authentication', () => {
    const kinds = EXAMPLES.flatMap(({ settings: { auth } }) => (isRecord(auth) ? [String(auth['kind'])] : []));
    expect([...new Set(kinds)].toSorted()).toEqual(AUTH_KINDS.toSorted());
  });
});
