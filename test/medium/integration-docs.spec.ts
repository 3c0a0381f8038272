import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Attachment, AttachmentProvider, WaybillModule } from '../../src/index.js';
import {
  EndpointInput,
  IntegrationInput,
  RetryPolicyInput,
  SuccessRuleInput,
} from '../../src/integrations/integration-input.dto.js';
import { isRecord } from '../../src/common/primitives.js';
import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const PAGE = readFileSync(join(__dirname, '../../docs/integrations.md'), 'utf8');

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
    if (kind === 'integration') examples.push({ settings: JSON.parse(text), sent: null });
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
      const integration: Record<string, unknown> = JSON.parse(example.replaceAll('https://vendor.example', vendor.url));
      const { body: created } = await platform.post('/v1/integrations', { tenantId, ...integration }).expect(201);
      const { auth: _auth, ...readable } = integration;
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

  /** What this page does not describe. */
  const ELSEWHERE = ['auth', 'traffic'];
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
  ])('has an example for every setting of %s', (_what, defaults, names) => {
    const missing = Object.keys(defaults).filter((name) => !names.has(name) && !ELSEWHERE.includes(name));
    expect(missing).toEqual([]);
  });
});
