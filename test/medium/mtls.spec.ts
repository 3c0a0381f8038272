import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { asIntegrationId } from '../../src/common/ids.js';
import { INTEGRATIONS } from '../../src/integrations/integration.collection.js';
import { SECRETS } from '../../src/security/secrets/secret.collection.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const pem = (name: string) => readFileSync(join(__dirname, `../support/certificates/${name}.pem`), 'utf8');

const CA = pem('authority');
const CLIENT = { certificate: pem('client'), privateKey: pem('client.key') };

describe('mutual TLS', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let lab: ApiClient;
  let tenantId: string;
  let tenants = 0;

  beforeAll(async () => {
    host = await startServerHost();
  });

  afterAll(() => host.close());

  beforeEach(async () => {
    vendor = await startFakeVendor({
      tls: { cert: pem('server'), key: pem('server.key'), ca: CA, requestCert: true, rejectUnauthorized: false },
    });
    tenantId = await host.createTenant(`lab-tls-${++tenants}`);
    lab = new ApiClient(host, await host.createKey(tenantId));
  });

  afterEach(() => vendor.close());

  const integration = (part: object) => ({
    actionId: 57,
    name: 'New patients',
    vendor: 'CRM',
    endpoint: { url: `${vendor.url}/hook` },
    retryPolicy: { maxAttempts: 1 },
    ...part,
  });

  const create = (part: object) => lab.post('/v1/integrations', integration(part));

  async function deliver(status: 'SUCCESS' | 'FAIL' = 'SUCCESS') {
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId, patientId: 'P-1' });
    return host.waitForLog(deliveries[0]?.logId ?? '', status);
  }

  it('shows the certificate to the vendor, beside any authentication', async () => {
    await create({ tls: { ...CLIENT, ca: CA }, auth: { kind: 'bearer', token: 'tok-12345' } }).expect(201);
    await deliver();
    expect(vendor.requests.map(({ clientName, headers }) => [clientName, headers.authorization])).toEqual([
      ['Lab 12', 'Bearer tok-12345'],
    ]);
  });

  it('shows it to the token endpoint too', async () => {
    vendor.answer(({ url }) =>
      url === '/token' ? { body: { access_token: 'access-1', token_type: 'bearer' } } : { status: 204 },
    );
    const auth = {
      kind: 'oauth2-client-credentials',
      tokenUrl: `${vendor.url}/token`,
      clientId: 'lab',
      clientSecret: 'client-secret-1',
    };
    await create({ tls: { ...CLIENT, ca: CA }, auth }).expect(201);
    await deliver();
    expect(vendor.requests.map(({ url, clientName }) => [url, clientName])).toEqual([
      ['/token', 'Lab 12'],
      ['/hook', 'Lab 12'],
    ]);
  });

  it('trusts a private authority without a certificate of its own, and none that it was not told of', async () => {
    const { body } = await create({ tls: { ca: CA } }).expect(201);
    await deliver();
    expect(vendor.requests.map(({ clientName }) => clientName)).toEqual([null]);
    await lab.patch(`/v1/integrations/${body.id}`, { tls: null }).expect(200);
    expect(await deliver('FAIL')).toMatchObject({ errorClass: 'transient', errorCode: 'VENDOR_TLS_FAILED' });
  });

  it('keeps the credentials through other changes and takes new ones at once', async () => {
    const { body } = await create({ tls: { ...CLIENT, ca: CA } }).expect(201);
    await lab.patch(`/v1/integrations/${body.id}`, { name: 'Renamed' }).expect(200);
    await deliver();
    const other = { certificate: pem('other-client'), privateKey: pem('other-client.key'), ca: CA };
    await lab.patch(`/v1/integrations/${body.id}`, { tls: other }).expect(200);
    await deliver();
    expect(vendor.requests.map(({ clientName }) => clientName)).toEqual(['Lab 12', 'Lab 13']);
  });

  it('reads an encrypted key and does not keep its passphrase', async () => {
    const tls = { ...CLIENT, privateKey: pem('client-encrypted.key'), passphrase: 'pass-phrase-1', ca: CA };
    await create({ tls }).expect(201);
    await deliver();
    expect(vendor.requests[0]?.clientName).toBe('Lab 12');
  });

  it('shows what it may of the certificate, its expiry above all, and never the key', async () => {
    const { body } = await create({ tls: { ...CLIENT, ca: CA } }).expect(201);
    const shown = await lab.get(`/v1/integrations/${body.id}`).expect(200);
    const facts = { validFrom: expect.any(String), fingerprint256: expect.stringMatching(/^([0-9A-F]{2}:){31}/) };
    expect(shown.body.tls).toEqual({
      clientCertificate: {
        subject: 'CN=Lab 12',
        issuer: 'CN=Test authority',
        expiresAt: expect.stringMatching(/^21\d\d-.*Z$/),
        ...facts,
      },
      authorities: [
        {
          subject: 'CN=Test authority',
          issuer: 'CN=Test authority',
          expiresAt: expect.stringMatching(/^21\d\d-.*Z$/),
          ...facts,
        },
      ],
    });
    const database = host.find(Database);
    const kept = JSON.stringify([
      await database.model(SECRETS).find().lean(),
      await database.model(INTEGRATIONS).find().lean(),
      (await lab.get(`/v1/integrations/${body.id}/versions`)).body,
    ]);
    const [, line = ''] = CLIENT.privateKey.split('\n');
    expect(kept).not.toContain(line);
    expect(kept).not.toContain('PRIVATE KEY');
    expect(kept).not.toContain(Buffer.from(line).toString('base64').slice(0, 40));
  });

  it.each([
    ['a key of another certificate', { ...CLIENT, privateKey: pem('other-client.key') }, 'tls.privateKey'],
    ['a key that is none', { ...CLIENT, privateKey: 'key' }, 'tls.privateKey'],
    [
      'an encrypted key without its passphrase',
      { ...CLIENT, privateKey: pem('client-encrypted.key') },
      'tls.privateKey',
    ],
    ['a certificate that is none', { ...CLIENT, certificate: 'certificate' }, 'tls.certificate'],
    [
      'a certificate that cannot be read',
      { ...CLIENT, certificate: CLIENT.certificate.replace('MII', 'AAA') },
      'tls.certificate',
    ],
    [
      'an expired certificate',
      { certificate: pem('expired-client'), privateKey: pem('expired-client.key') },
      'tls.certificate',
    ],
    ['a certificate without a key', { certificate: CLIENT.certificate }, 'tls.privateKey'],
    ['a key without a certificate', { privateKey: CLIENT.privateKey }, 'tls.certificate'],
    ['an authority that is none', { ca: 'ca' }, 'tls.ca'],
    ['nothing in it', {}, 'tls'],
  ])('refuses %s', async (_what, tls, field) => {
    const { status, body } = await create({ tls });
    expect(status).toBe(422);
    expect(body.faults.map((fault: { field: string }) => fault.field)).toContain(field);
    expect(JSON.stringify(body)).not.toContain('PRIVATE KEY');
  });

  /** The expiry as it was read from the certificate: certificates that run out at a given time cannot be kept in files. */
  const expiring = (id: string, expiresAt: Date) =>
    host
      .find(Database)
      .model(INTEGRATIONS)
      .updateOne({ _id: asIntegrationId(id) }, { $set: { 'tls.clientCertificate.expiresAt': expiresAt } });

  it('FAILs by an expired certificate before any call, its token endpoint included, and names it with its date', async () => {
    const auth = {
      kind: 'oauth2-client-credentials',
      tokenUrl: `${vendor.url}/token`,
      clientId: 'lab',
      clientSecret: 'client-secret-1',
    };
    for (const part of [{}, { auth }]) {
      const { body } = await create({ tls: { ...CLIENT, ca: CA }, ...part }).expect(201);
      await expiring(body.id, new Date('2026-01-31T12:00:00Z'));
      const log = await deliver('FAIL');
      expect(log).toMatchObject({ errorClass: 'config', errorCode: 'CERTIFICATE_EXPIRED', attemptCount: 1 });
      expect(log.errorMessage).toContain(`tls.certificate of ${body.id} expired on 2026-01-31T12:00:00.000Z`);
      await lab.delete(`/v1/integrations/${body.id}`).expect(204);
    }
    expect(vendor.requests).toEqual([]);
  });

  it('warns in the log once a day of a certificate that expires within 30 days', async () => {
    const said = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const warnings = () =>
      said.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('tls.certificate'));
    const { body } = await create({ tls: { ...CLIENT, ca: CA } }).expect(201);
    await expiring(body.id, new Date(Date.now() + 31 * 86_400_000));
    await deliver();
    expect(warnings()).toEqual([]);
    const expiresAt = new Date(Date.now() + 29 * 86_400_000);
    await expiring(body.id, expiresAt);
    await eventually(
      async () => {
        await deliver();
        return warnings();
      },
      (lines) => lines.length > 0,
    );
    await deliver();
    expect(warnings()).toEqual([expect.stringContaining(`${body.id} expires on ${expiresAt.toISOString()}`)]);
    said.mockRestore();
  });

  it('refuses to send without TLS what was to be sent with it', async () => {
    const http = { url: vendor.url.replace('https:', 'http:') };
    const refused = await create({ tls: { ca: CA }, endpoint: http }).expect(422);
    const { body } = await create({ tls: { ca: CA } }).expect(201);
    const changed = await lab.patch(`/v1/integrations/${body.id}`, { endpoint: http }).expect(422);
    for (const answer of [refused, changed]) expect(answer.body.faults[0].field).toBe('endpoint.url');
    await lab.patch(`/v1/integrations/${body.id}`, { endpoint: http, tls: null }).expect(200);
  });
});
