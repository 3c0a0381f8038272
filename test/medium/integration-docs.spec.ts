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
import { AUTH_KINDS, findAuthKind } from '../../src/integrations/auth/auth-kinds.js';
import { isRecord } from '../../src/common/primitives.js';
import { TlsInput } from '../../src/integrations/tls/tls.dto.js';
import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor, type VendorRequest } from '../support/fake-vendor.js';
import { fieldsOf } from '../support/input-fields.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const read = (path: string) => readFileSync(join(__dirname, '../..', path), 'utf8');
const PAGE = read('docs/integrations.md');

/** What stands for the `...` of keys and certificates. */
const PEM: Readonly<Record<string, string>> = {
  certificate: read('test/support/certificates/client.pem'),
  privateKey: read('test/support/certificates/client.key.pem'),
  encrypted: read('test/support/certificates/client-encrypted.key.pem'),
  ca: read('test/support/certificates/authority.pem'),
};

const settingsIn = (json: string): Record<string, unknown> =>
  JSON.parse(json, (key, value: unknown) =>
    typeof value === 'string' && value.startsWith('-----BEGIN')
      ? PEM[value.startsWith('-----BEGIN ENCRYPTED') ? 'encrypted' : key]
      : value,
  );

interface Example {
  readonly settings: Record<string, unknown>;
  /** The body that the vendor receives; `null` where the page does not say. */
  sent: string | null;
  /** The request line that it receives, and headers among others; `null` where the page does not say. */
  received: string | null;
}

const BLOCK = /^```(?:\w+) (integration|sent|received)\n([\s\S]*?)\n```$/gm;

function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  for (const [, kind, text = ''] of page.matchAll(BLOCK)) {
    const last = examples.at(-1);
    if (kind === 'integration') examples.push({ settings: settingsIn(text), sent: null, received: null });
    else if (last) last[kind === 'sent' ? 'sent' : 'received'] = text;
  }
  return examples;
}

const EXAMPLES = examplesOf(PAGE);

/** Whatever the way to a token is, it is this one. */
const TOKENS = {
  body: { access_token: 'the-token', token_type: 'bearer', data: { token: 'the-token', expiresIn: 600 } },
};

@AttachmentProvider('report-pdf')
class ReportPdf {
  async provide(): Promise<Attachment> {
    return { content: Buffer.from('%PDF-1.4'), contentType: 'application/pdf', fileName: 'report.pdf' };
  }
}

describe('docs/integrations.md', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let tlsVendor: FakeVendor;
  let platform: ApiClient;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    const [cert = '', key = ''] = ['server', 'server.key'].map((name) => read(`test/support/certificates/${name}.pem`));
    const tls = { cert, key, ca: PEM['ca'], requestCert: true, rejectUnauthorized: true };
    tlsVendor = await startFakeVendor({ tls });
    vendor.answer(TOKENS);
    host = await startServerHost({ imports: [WaybillModule.forFeature({ attachments: [ReportPdf] })] });
    platform = new ApiClient(host, await host.createKey(null));
  });

  afterAll(async () => {
    await vendor.close();
    await tlsVendor.close();
    await host.close();
  });

  const [first] = EXAMPLES;

  it.each(EXAMPLES.map((example, index) => [index + 1, example] as const))(
    'example %p is an integration, and sends what the page says',
    async (number, { settings, sent, received }) => {
      const tenantId = await host.createTenant(`lab-docs-${number}`);
      const example = JSON.stringify({ ...first?.settings, ...settings });
      const at = isRecord(settings['tls']) ? tlsVendor : vendor;
      const integration: Record<string, unknown> = JSON.parse(
        example.replaceAll(/https:\/\/(?:api\.|id\.)?vendor\.example/g, at.url),
      );
      const { body: created } = await platform.post('/v1/integrations', { tenantId, ...integration }).expect(201);
      const { auth: _auth, tls: _tls, signing: _signing, ...readable } = integration;
      expect(created).toMatchObject(readable);
      const request = sent === null && received === null ? null : await deliver(tenantId, at);
      expect(sent && request && comparable(request.body)).toBe(sent && comparable(sent));
      const expected = received?.replaceAll('lab-docs', tenantId) ?? null;
      expect(expected && request && shownOf(request, expected)).toBe(expected);
    },
  );

  /** What the vendor receives for one event. */
  async function deliver(tenantId: string, at: FakeVendor): Promise<VendorRequest | null> {
    const { body: event } = await platform
      .post('/v1/events', { action: 57, context: { tenantId, patientId: 'P-1' } })
      .expect(202);
    await host.waitForLog(event.deliveries[0].logId, 'SUCCESS');
    return at.requests.at(-1) ?? null;
  }

  /** Its first line, and of its headers those that are expected. */
  function shownOf({ method, url, headers }: VendorRequest, expected: string): string {
    const [, ...names] = expected.split('\n').map((line) => line.split(':')[0] ?? '');
    return [`${method} ${url}`, ...names.map((name) => `${name}: ${String(headers[name])}`)].join('\n');
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

  const authOf = (kind: string) => (settings: Record<string, unknown>) =>
    isRecord(settings['auth']) && settings['auth']['kind'] === kind ? settings['auth'] : null;

  type Row = [what: string, input: (new () => object) | undefined, names: Set<string>];

  it.each<Row>([
    ['an integration', IntegrationInput, shown((settings) => settings)],
    ['endpoint', EndpointInput, shown(({ endpoint }) => endpoint)],
    ['successRule', SuccessRuleInput, shown(({ successRule }) => successRule)],
    ['retryPolicy', RetryPolicyInput, shown(({ retryPolicy }) => retryPolicy)],
    ['traffic', TrafficInput, shown(({ traffic }) => traffic)],
    ['tls', TlsInput, shown(({ tls }) => tls)],
    ...AUTH_KINDS.map((kind): Row => [`auth ${kind}`, findAuthKind(kind)?.input, shown(authOf(kind))]),
  ])('has an example for every setting of %s', (_what, input, names) => {
    expect(input && fieldsOf(input).filter((name) => !names.has(name))).toEqual([]);
  });

  it('shows every kind of authentication', () => {
    const kinds = EXAMPLES.flatMap(({ settings: { auth } }) => (isRecord(auth) ? [String(auth['kind'])] : []));
    expect([...new Set(kinds)].toSorted()).toEqual(AUTH_KINDS.toSorted());
  });
});
