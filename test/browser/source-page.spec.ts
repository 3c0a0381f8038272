import { execFile } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { SourceEditor } from '../../src/inbound/sources/source-editor.js';
import { addressOf, pageAddressOf } from '../../src/inbound/sources/source-token.js';
import {
  accessibilityFaults,
  BROWSER_SET_UP_TIMEOUT_MS,
  overflowing,
  startBrowser,
  type TestBrowser,
} from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { SECRET, signed } from '../support/inbound-sources.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

const PHONE = 360;
const SIGNED_BY_STANDARD = { kind: 'standard-webhooks', secrets: [SECRET] };
const BODY = JSON.stringify({ type: 'result.ready' });
const NINE_MINUTES_MS = 540_000;

describe("the page for a vendor's developer, in a browser", () => {
  let browser: TestBrowser;
  let host: TestHost;
  /** What the host was asked for: each path, with the Referer where it came with one. */
  let asked: string[];
  let elsewhere: FakeVendor;

  beforeAll(async () => {
    browser = await startBrowser();
  }, BROWSER_SET_UP_TIMEOUT_MS);

  // A host of somebody else, who sets no headers for the page.
  beforeAll(async () => {
    host = await startTestHost({
      prepare: (app) => {
        app.set('trust proxy', true);
        app.use(({ url, headers }: IncomingMessage, _response: ServerResponse, next: () => void) => {
          asked.push(`${url} ${headers.referer ?? ''}`.trim());
          next();
        });
      },
    });
  });

  beforeEach(async () => {
    asked = [];
    elsewhere = await startFakeVendor();
    elsewhere.answer(html('Elsewhere'));
  });

  afterEach(() => elsewhere.close());

  afterAll(() => host.close());
  afterAll(() => browser.close());

  async function create(partial: Readonly<Record<string, unknown>> = {}) {
    const verification = SIGNED_BY_STANDARD;
    const { token, pageToken } = await host
      .find(SourceEditor)
      .create(LAB, { name: 'Analyser', vendor: 'acme-lab', verification, ...partial }, 'test');
    const [hook, path] = [addressOf(token), pageAddressOf(pageToken)];
    return { hook, path, address: `${host.url}${hook}`, url: `${host.url}${path}` };
  }

  /** With one request that was taken and two that were refused. */
  async function createUsed(partial: Readonly<Record<string, unknown>> = {}) {
    const source = await create(partial);
    const send = (headers: Record<string, string>) => host.http.post(source.hook).set(headers).send(BODY);
    await send(signed(BODY)).expect(202);
    await send(signed(`${BODY}\n`)).expect(401);
    await send(signed(BODY, 'msg_old', new Date(Date.now() - NINE_MINUTES_MS))).expect(401);
    return source;
  }

  it.each([
    ['standard-webhooks', SIGNED_BY_STANDARD, SECRET],
    ['twilio', { kind: 'twilio', secrets: ['of-the-account'] }, 'of-the-account'],
    [
      'hmac',
      {
        kind: 'hmac',
        header: 'X-Signature',
        prefix: '"v1"=',
        template: '<b>&amp; it\'s</b>\n  {{url}} "$HOME" {{timestamp}} {{body}}',
        timestampHeader: 'X-Time',
        secrets: ['of-the-lab'],
      },
      'of-the-lab',
    ],
  ])('shows commands that pass as they are copied, and what became of them: %s', async (kind, verification, secret) => {
    const { url, address } = await create({ verification });
    await browser.visit(url, async (page) => {
      const text = await page.innerText('main');
      expect(text).toContain(`${address} By POST`);
      expect(text).toContain(`By ${kind}.`);
      expect(await page.getByText('None has come yet').isVisible()).toBe(true);
      const commands = await copied(page, 'pre');
      const forTests = await copied(page, 'h2:text-is("Send a test") + p code');
      const toTheTest = commands.replace(/"\$URL"$/, `'${forTests}'`);
      expect(await inBash(toTheTest, secret)).toMatch(/HTTP\/1\.1 200[^]*"verified":true/);
      expect(await inBash(commands, secret)).toContain('HTTP/1.1 202');
      await page.reload();
      expect(await rowsOf(page)).toEqual([[expect.any(String), 'accepted', expect.stringMatching(/^taken/)]]);
    });
  });

  it('says why a request was refused', async () => {
    const { url } = await create();
    await browser.visit(url, async (page) => {
      const commands = await copied(page, 'pre');
      expect(await inBash(commands, `whsec_${Buffer.alloc(24, 6).toString('base64')}`)).toContain('HTTP/1.1 401');
      const late = commands.replace('$(date +%s)', '$(($(date +%s) - 540))');
      expect(await inBash(late, SECRET)).toContain('HTTP/1.1 401');
      const changed = commands.replace('--data-binary "$BODY"', '--data-binary "$BODY "');
      expect(await inBash(changed, SECRET)).toContain('HTTP/1.1 401');
      await page.reload();
      expect(await rowsOf(page)).toEqual([
        [
          '38',
          'refused',
          'signature does not match: the body you signed had 37 bytes (without the blanks or line breaks around it), we received 38 bytes',
        ],
        ['37', 'refused', 'timestamp is 9 minutes old, at most 5 minutes are accepted'],
        ['37', 'refused', 'signature does not match: we received 37 bytes; id, timestamp must be signed as sent, too'],
      ]);
    });
  });

  it('can be used by everybody, with and without requests, on a desk and on a phone', async () => {
    const sources = [await createUsed(), await create({ enabled: false })];
    for (const { url } of sources)
      for (const width of [1_280, PHONE])
        await browser.visit(url, async (page) => expect(await accessibilityFaults(page)).toEqual([]), { width });
  });

  it('fits on a phone, whatever it has to show', async () => {
    const { url } = await createUsed({
      name: 'A'.repeat(120),
      vendor: 'v'.repeat(64),
      maxBytes: 26_214_400,
    });
    await browser.visit(
      url,
      async (page) => {
        expect(await rowsOf(page)).toHaveLength(3);
        expect(await overflowing(page)).toEqual([]);
      },
      { width: PHONE },
    );
  });

  it('shows what others wrote as the text that it is', async () => {
    const name = `</title><script>alert('name')</script>`;
    const vendor = `<img src=/x onerror=alert(1)>`;
    const prefix = `"'><iframe src=/y>`;
    const stranger = `<svg/onload=alert(2)>`;
    const { url, hook } = await create({
      name,
      vendor,
      allowCidrs: ['192.0.2.1/32'],
      verification: {
        kind: 'hmac',
        header: 'x-signature',
        prefix,
        template: '</pre><base href=//x>{{body}}',
        secrets: ['x'],
      },
    });
    await host.http.post(hook).set('x-forwarded-for', stranger).send({}).expect(401);
    await browser.visit(url, async (page) => {
      expect(await page.title()).toBe(`${name}: webhooks`);
      const text = await page.innerText('main');
      for (const shown of [name, `Webhooks of ${vendor}.`, `after ${prefix}.`, '</pre><base href=//x>', stranger])
        expect(text).toContain(shown);
      expect(await page.locator('script, img, iframe, svg, base, [onload], [onerror]').count()).toBe(0);
    });
  });

  it('asks for nothing but itself, and needs no JavaScript', async () => {
    const { url, path } = await createUsed();
    asked = [];
    await browser.visit(
      url,
      async (page) => {
        expect(await rowsOf(page)).toHaveLength(3);
        expect(await page.innerText('pre')).toContain('openssl');
      },
      { javaScript: false },
    );
    expect(asked).toEqual([path]);
  });

  it('runs nothing and asks for nothing, even if markup of others were in it', async () => {
    const { url, path } = await create();
    await browser.visit(url, async (page, faults) => {
      await page.evaluate(`{
        const add = (name, properties) => document.body.appendChild(Object.assign(document.createElement(name), properties));
        add('script', { textContent: 'globalThis.ran = true' });
        add('style', { textContent: 'main { display: none }' });
        add('img', { src: '/leak' });
        add('form', { action: '/leak' }).submit();
      }`);
      const directives = ['script-src', 'style-src', 'img-src', 'form-action'];
      await eventually(
        () => faults.join('\n'),
        (text) => directives.every((directive) => text.includes(directive)),
      );
      faults.length = 0;
      expect(await page.evaluate('globalThis.ran')).toBeUndefined();
      expect(await page.isVisible('main')).toBe(true);
    });
    expect(asked).toEqual([path]);
  });

  it('tells nobody its address, and is shown within no other page', async () => {
    const [source, another] = [await create(), await create()];
    await browser.visit(source.url, async (page) => {
      await page.evaluate(`location.assign('${another.url}')`);
      await page.waitForURL(another.url);
      await page.evaluate(`location.assign('${elsewhere.url}')`);
      await page.waitForURL(`${elsewhere.url}/`);
    });
    expect(asked).toEqual([source.path, another.path]);
    expect(elsewhere.requests[0]?.headers).not.toHaveProperty('referer');
    elsewhere.answer(html(`<iframe src="${source.url}"></iframe>`));
    await browser.visit(elsewhere.url, async (page, faults) => {
      expect(faults.splice(0)).toEqual(expect.arrayContaining([expect.stringContaining('frame-ancestors')]));
      expect(await page.frameLocator('iframe').getByText('Analyser').count()).toBe(0);
    });
  });
});

const html = (body: string) => ({
  headers: { 'content-type': 'text/html' },
  body: `<link rel="icon" href="data:,">${body}`,
});

const run = promisify(execFile);

/** As a developer at the vendor would, who has the secret. */
async function inBash(commands: string, secret: string): Promise<string> {
  const env = { PATH: process.env['PATH'], SECRET: secret };
  return (await run('bash', ['--norc', '-eu', '-c', commands], { env })).stdout;
}

/** What the clipboard would hold. */
async function copied(page: Page, selector: string): Promise<string> {
  await page.locator(selector).selectText();
  return page.evaluate<string>('getSelection().toString()');
}

/** All but the time of the requests that are shown. */
const rowsOf = async (page: Page): Promise<string[][]> => {
  const rows = await page.locator('tbody tr').all();
  return Promise.all(rows.map(async (row) => (await row.locator('td').allInnerTexts()).slice(1)));
};
