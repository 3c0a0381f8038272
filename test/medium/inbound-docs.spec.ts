import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { transformSync } from '@swc/core';
import { Webhook } from 'standardwebhooks';
import { SourceInput } from '../../src/inbound/sources/source-input.dto.js';
import { setUpBodyParsers, WaybillModule } from '../../src/index.js';
import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { signed } from '../support/inbound-sources.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

const PAGE = readFileSync(join(__dirname, '../../docs/inbound.md'), 'utf8');

interface Example {
  readonly settings: Record<string, unknown>;
  /** What the vendor posts; `null` where the page does not say. */
  webhook: { readonly text: string; readonly contentType: string } | null;
  /** What it is answered; `null` where the page does not say. */
  answer: unknown;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  ndjson: 'application/json',
  form: 'application/x-www-form-urlencoded',
};
const BLOCK = /^```(json|ndjson|form) (source|webhook|answer)\n([\s\S]*?)\n```$/gm;

function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  for (const [, format = '', kind, text = ''] of page.matchAll(BLOCK)) {
    const last = examples.at(-1);
    if (kind === 'source') examples.push({ settings: JSON.parse(text), webhook: null, answer: null });
    else if (kind === 'webhook' && last) last.webhook = { text, contentType: CONTENT_TYPES[format] ?? '' };
    else if (last) last.answer = JSON.parse(text);
  }
  return examples;
}

const EXAMPLES = examplesOf(PAGE);

const SWC = {
  swcrc: false,
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
} as const;

/** The class that the page shows, compiled as it stands there. */
function handlerClass(): Type {
  const [, text = ''] = /^```ts handler=\S+\n([\s\S]*?)^```$/m.exec(PAGE) ?? [];
  const exported: Record<string, unknown> = {};
  const load = (name: string): unknown => require(name === 'waybill' ? '../../src/index.js' : name);
  // oxlint-disable-next-line no-implied-eval, no-new-func
  new Function('require', 'exports', transformSync(text, SWC).code)(load, exported);
  const [found] = Object.values(exported);
  if (!isClass(found)) throw new Error('docs/inbound.md has no handler');
  return found;
}

/** What the page has a host do with its application before it listens. */
function hostSetUp(): (app: NestExpressApplication) => void {
  const [, text = ''] = /^```ts main\n[\s\S]*?NestFactory\.create.*\n([\s\S]*?)^await app\.listen/m.exec(PAGE) ?? [];
  // oxlint-disable-next-line no-implied-eval, no-new-func
  return (app) => void new Function('setUpBodyParsers', 'app', text)(setUpBodyParsers, app);
}

const isClass = (value: unknown): value is Type => typeof value === 'function';

describe('docs/inbound.md', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let platform: ApiClient;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    const imports = [WaybillModule.forFeature({ handlers: [handlerClass()] })];
    host = await startTestHost({ imports, prepare: hostSetUp() });
    platform = new ApiClient(host, await host.createKey(null));
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
  });

  const [first] = EXAMPLES;

  it.each(EXAMPLES.map((example, index) => [index + 1, example] as const))(
    'example %p is a source, whose webhook is worked on',
    async (number, { settings, webhook, answer }) => {
      const tenantId = await host.createTenant(`lab-docs-${number}`);
      const example = JSON.stringify({ ...first?.settings, ...settings });
      const source: Record<string, unknown> = JSON.parse(example.replaceAll('https://host.example', vendor.url));
      const { body: created } = await platform.post('/v1/sources', { tenantId, ...source }).expect(201);
      const { verification: _verification, ...readable } = source;
      expect(created).toMatchObject(readable);
      if (webhook === null) return;
      const accepted = { id: expect.stringMatching(/^log_/) };
      const { text, contentType } = webhook;
      const answered = await host.http
        .post(created.address)
        .set({ ...signed(text, `msg_${randomUUID()}`), 'content-type': contentType })
        .send(text);
      expect([answered.status, answered.body]).toEqual(answer === null ? [202, accepted] : [200, answer]);
      const [log] = await host.logs(tenantId);
      await host.waitForLog(answered.body.id ?? log?.parentLogId ?? log?._id, 'SUCCESS');
      if (created.forwardSecret !== null) expectForwarded(text, created.forwardSecret);
    },
  );

  function expectForwarded(webhook: string, secret: string): void {
    const { body, headers } = vendor.requests.at(-1) ?? { body: '', headers: {} };
    expect(body).toBe(webhook);
    const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    expect(new Webhook(secret).verify(body, Object.fromEntries(texts))).toEqual(JSON.parse(webhook));
  }

  const rows = new Map(
    [...PAGE.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm)].map(([, name = '', value = '']) => [
      name,
      /^`(.*)`$/.exec(value)?.[1] ?? null,
    ]),
  );

  it('has a row for every setting of a source, with its default', () => {
    const defaults = Object.entries(new SourceInput()).filter(([, value]) => value !== undefined);
    expect([...rows.keys()].toSorted()).toEqual(
      [...defaults.map(([name]) => name), 'name', 'vendor', 'verification'].toSorted(),
    );
    const shown = defaults.filter(([name]) => rows.get(name) !== null);
    expect(shown.map(([name]) => [name, JSON.parse(rows.get(name) ?? '')])).toEqual(shown);
  });

  it('has an example of every setting', () => {
    const named = new Set(EXAMPLES.flatMap(({ settings }) => Object.keys(settings)));
    expect([...rows.keys()].filter((name) => !named.has(name))).toEqual([]);
  });
});
