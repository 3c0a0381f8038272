import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { VersioningType } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SourceEditor } from '../../src/inbound/sources/source-editor.js';
import { pageAddressOf } from '../../src/inbound/sources/source-token.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

const MOUNTS: readonly [string, string, (app: NestExpressApplication) => void][] = [
  ['a prefix', '/api/hub', (app) => app.setGlobalPrefix('api/hub')],
  ['a version in its paths', '/v2', (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' })],
];

const SECRET = 'secret-of-the-vendor';
const HMAC = { kind: 'hmac', header: 'x-signature', template: '{{method}} {{url}} {{path}} {{body}}' };
const SIGNING_THE_URL: readonly Readonly<Record<string, unknown>>[] = [{ kind: 'twilio' }, HMAC];

const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const unescaped = (html: string) => html.replaceAll(/&([\w#]+);/g, (_, name: string) => CHARACTERS[name] ?? '?');

const inShell = async (commands: string) =>
  (await promisify(execFile)('sh', ['-eu', '-c', commands], { env: { PATH: process.env['PATH'], SECRET } })).stdout;

describe.each(MOUNTS)("the page for a vendor's developer, of a host with %s", (_what, mount, prepare) => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost({ role: 'api', prepare });
  });

  afterAll(() => host.close());

  it.each(SIGNING_THE_URL)('shows addresses and commands that pass, of $kind', async (verification) => {
    const input = { name: 'Messages', vendor: 'acme', verification: { ...verification, secrets: [SECRET] } };
    const { pageToken } = await host.find(SourceEditor).create(LAB, input, 'test');
    const { text } = await host.http.get(`${mount}${pageAddressOf(pageToken)}?seen=/source-pages/`).expect(200);
    const [, commands = ''] = /<pre>(.*?)<\/pre>/s.exec(text) ?? [];
    const [address, check] = [...text.matchAll(/<code>(http[^<]*)<\/code>/g)].map(([, shown = '']) => unescaped(shown));
    expect(address?.startsWith(`${host.url}${mount}/hooks/`)).toBe(true);
    const send = unescaped(commands);
    expect(await inShell(send)).toContain('HTTP/1.1 202');
    const tried = await inShell(send.replace(/"\$URL"$/, () => `'${check}'`));
    expect(tried).toContain('HTTP/1.1 200');
    expect(tried).toContain('"verified":true');
  });
});
