import { createHmac } from 'node:crypto';
import { SourceRotation } from '../../src/inbound/sources/source-rotation.js';
import { pageAddressOf } from '../../src/inbound/sources/source-token.js';
import { createSource } from '../support/inbound-sources.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';

const FINGERPRINT = 'ab'.repeat(20);
const OTHER = 'cd'.repeat(20);
const TOKEN = 'auth-token-of-the-account';
const FORM = 'application/x-www-form-urlencoded';
/** Of the caller, of another one, and of a proxy: all from elsewhere than the test. */
const [CALLER, STRANGER, PROXY] = ['203.0.113.9', '198.51.100.7', '192.0.2.1'];
const LOCAL = '127.0.0.1';

/** Who is believed, what the source allows, what the headers say; and whether the call is taken. */
type Case = readonly [trusted: readonly string[], allowed: string, forwardedFor: string | null, taken: boolean];

const ADDRESSES: readonly Case[] = [
  [[LOCAL], CALLER, CALLER, true],
  [[LOCAL], CALLER, STRANGER, false],
  [[LOCAL], CALLER, null, false],
  // What the caller itself has sent stands before what the proxy adds.
  [[LOCAL], CALLER, `${CALLER}, ${STRANGER}`, false],
  [[LOCAL, PROXY], CALLER, `${STRANGER}, ${CALLER}, ${PROXY}`, true],
  [[LOCAL], LOCAL, CALLER, false],
  [[], CALLER, CALLER, false],
  [[], LOCAL, CALLER, true],
  [[PROXY], CALLER, `${CALLER}, ${PROXY}`, false],
];

/** The proxies of the source that check certificates, and the fingerprint that the header tells. */
type Certificate = readonly [trusted: readonly string[], proxy: string, told: string | null, taken: boolean];

const CERTIFICATES: readonly Certificate[] = [
  [[], LOCAL, FINGERPRINT, true],
  [[LOCAL], LOCAL, FINGERPRINT, true],
  [[LOCAL], LOCAL, OTHER, false],
  [[LOCAL], LOCAL, null, false],
  // Whoever holds the connection is no such proxy, whatever address is told for it.
  [[], PROXY, FINGERPRINT, false],
  [[LOCAL], PROXY, FINGERPRINT, false],
];

describe('webhooks that come through proxies', () => {
  const hosts = new Map<string, Promise<TestHost>>();

  const hostTrusting = (trusted: readonly string[]): Promise<TestHost> => {
    const key = trusted.join();
    const host = hosts.get(key) ?? startServerHost({ role: 'api', trustProxy: trusted });
    hosts.set(key, host);
    return host;
  };

  afterAll(async () => {
    for (const host of hosts.values()) await (await host).close();
  });

  const isTaken = async (
    host: TestHost,
    source: Parameters<typeof createSource>[1],
    headers: Readonly<Record<string, string | null>>,
  ) => {
    const { path } = await createSource(host, source);
    const sent = Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
    const { status } = await host.http.post(path).set(Object.fromEntries(sent)).send('{}');
    return status === 401 ? false : status === 202 || status;
  };

  it.each(ADDRESSES)('with %j trusted, to %s only, and for %s: taken %p', async (trusted, allowed, told, taken) => {
    const source = { verification: { kind: 'none' }, allowCidrs: [allowed] };
    expect(await isTaken(await hostTrusting(trusted), source, { 'x-forwarded-for': told })).toBe(taken);
  });

  it.each([
    [[LOCAL], 'https'],
    [[], 'http'],
  ])('with %j trusted, that end TLS, have their URLs signed, and shown, as %s', async (trusted, scheme) => {
    const host = await hostTrusting(trusted);
    const verification = { kind: 'twilio', secrets: [TOKEN] };
    const { path, source } = await createSource(host, { verification });
    const told = { 'x-forwarded-proto': 'https', host: 'waybill.example' };
    const statuses = ['https', 'http'].map(async (signedScheme) => {
      const text = `${signedScheme}://waybill.example${path}BodyHello`;
      const signature = createHmac('sha1', TOKEN).update(text).digest('base64');
      const headers = { ...told, 'content-type': FORM, 'x-twilio-signature': signature };
      return [signedScheme, (await host.http.post(path).set(headers).send('Body=Hello')).status];
    });
    const other = scheme === 'https' ? 'http' : 'https';
    expect(Object.fromEntries(await Promise.all(statuses))).toEqual({ [scheme]: 202, [other]: 401 });
    const { token } = await host.find(SourceRotation).rotatePage(LAB, source._id, 'test');
    const page = await host.http.get(pageAddressOf(token)).set(told).expect(200);
    expect(page.text).toContain(`<code>${scheme}://waybill.example${path}</code>`);
  });

  it.each(CERTIFICATES)('with %j trusted, certificates checked by %s, and %s: taken %p', async (...of) => {
    const [trusted, proxy, fingerprint, taken] = of;
    const verification = { kind: 'mtls', trustedProxies: [proxy], header: 'x-client', accepted: [FINGERPRINT] };
    const headers = { 'x-client': fingerprint, 'x-forwarded-for': proxy };
    expect(await isTaken(await hostTrusting(trusted), { verification }, headers)).toBe(taken);
  });
});
