import { IntegrationInvalidError } from '../../src/integrations/integration-invalid.error.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const headersOf = (count: number, chars: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'x'.repeat(chars)]));

const RESERVED = ['Content-Length', 'transfer-encoding', 'CONNECTION', 'webhook-id', 'Proxy-Authorization', 'Expect'];

describe('the headers that go out', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let tenants = 0;

  beforeAll(async () => {
    [host, vendor] = await Promise.all([startTestHost(), startFakeVendor()]);
  });

  beforeEach(() => {
    vendor.requests.length = 0;
  });

  afterAll(() => Promise.all([host.close(), vendor.close()]));

  /** Delivers a patient of this name with these headers. */
  async function deliver(
    headers: Readonly<Record<string, string>>,
    name: string,
    status: 'SUCCESS' | 'FAIL',
    auth: object = { kind: 'none' },
  ) {
    const tenantId = `lab-headers-${++tenants}`;
    host.patients.set(tenantId, { id: tenantId, name, phone: null });
    await host.createIntegration({ url: vendor.url, tenantId, auth, endpoint: { headers } });
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId: tenantId });
    return host.waitForLog(deliveries[0]?.logId ?? '', status);
  }

  it.each([
    ['8 KiB in one', { 'x-name': '{{data.name}}' }, 'x'.repeat(8_193), 'x-name'],
    ['8 KiB in one once it is encoded', { 'x-name': '{{data.name}}' }, 'ä'.repeat(1_400), 'x-name'],
    [
      '16 KiB in all',
      { 'x-a': '{{data.name}}', 'x-b': '{{data.name}}', 'x-c': '{{data.name}}' },
      'x'.repeat(6_000),
      'together',
    ],
  ] as const)('FAIL as intent, without a call, when they have more than %s', async (_what, headers, name, says) => {
    expect(await deliver(headers, name, 'FAIL')).toMatchObject({
      errorClass: 'intent',
      errorCode: 'HEADERS_TOO_LARGE',
      errorMessage: expect.stringContaining(says),
    });
    expect(vendor.requests).toEqual([]);
  });

  it('FAIL with the credentials counted in', async () => {
    const name = 'x'.repeat(7_000);
    const headers = { 'x-a': '{{data.name}}', 'x-b': '{{data.name}}' };
    await deliver(headers, name, 'SUCCESS');
    const auth = { kind: 'bearer', token: 't'.repeat(4_000) };
    expect(await deliver(headers, name, 'FAIL', auth)).toMatchObject({ errorCode: 'HEADERS_TOO_LARGE' });
    expect(vendor.requests).toHaveLength(1);
  });

  it('are delivered up to the limit', async () => {
    await deliver({ 'x-name': '{{data.name}}' }, 'x'.repeat(8_192), 'SUCCESS');
    expect(vendor.requests[0]?.headers['x-name']).toHaveLength(8_192);
  });

  it('hold no header that a value of a record began', async () => {
    await deliver({ 'X-Name': 'Dr {{data.name}}' }, 'Ana\r\nx-forged: 1\u0000\u2028', 'SUCCESS');
    expect(vendor.requests[0]?.headers).toMatchObject({ 'x-name': 'Dr Ana%0D%0Ax-forged: 1%00%E2%80%A8' });
    expect(vendor.requests[0]?.headers).not.toHaveProperty('x-forged');
  });

  async function faultsOf(headers: Readonly<Record<string, string>>): Promise<unknown> {
    const saving = host.createIntegration({ url: vendor.url, endpoint: { headers } });
    const refusal: unknown = await saving.catch((error: unknown) => error);
    return refusal instanceof IntegrationInvalidError ? refusal.details['faults'] : [];
  }

  it.each(RESERVED)('are not saved with %s', async (name) => {
    expect(await faultsOf({ [name]: '1' })).toEqual([
      { field: `endpoint.headers.${name}`, expected: expect.stringContaining('set by Waybill'), received: 'string' },
    ]);
  });

  it.each([
    ['a name that is none', { 'x a': '1' }, 'endpoint.headers.x a', /valid HTTP header/],
    ['a name that holds a second one', { 'x\r\ny': '1' }, 'endpoint.headers.x\r\ny', /valid HTTP header/],
    ['a long value', { 'x-long': 'x'.repeat(8_193) }, 'endpoint.headers.x-long', /8192 bytes at the most/],
    ['too many of them', headersOf(65, 1), 'endpoint.headers', /64 at the most/],
    ['long values together', headersOf(4, 4_096), 'endpoint.headers', /16384 bytes together/],
  ] as const)('are not saved with %s', async (_what, headers, field, says) => {
    expect(await faultsOf(headers)).toEqual([
      expect.objectContaining({ field, expected: expect.stringMatching(says) }),
    ]);
  });
});
