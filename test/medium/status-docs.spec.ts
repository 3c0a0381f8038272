import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createConnection } from 'mongoose';
import {
  type ActionDefinition,
  ActionDispatcher,
  asTenantId,
  TenantService,
  WaybillModule,
  type WaybillOptionsInput,
} from '../../src/index.js';
import { IntegrationChecker } from '../../src/integrations/integration-checker.js';
import { IntegrationDirectory } from '../../src/integrations/integration-directory.js';
import { webhookHeaders } from '../../src/security/signatures/standard-webhooks.js';
import { V1_SCHEME } from '../../src/security/signatures/v1.scheme.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';
import { LAB } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const PROJECT = join(__dirname, '../..');
const PAGE = readFileSync(join(PROJECT, 'docs/host-developer.md'), 'utf8');
/** Where imports of packages are found. */
const FOLDER = join(PROJECT, 'node_modules/.cache', `waybill-docs-${randomBytes(6).toString('hex')}`);

/** The files that the page shows, by their names. */
const FILES = new Map(
  [...PAGE.matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm)].map(([, name = '', text = '']) => [name, text]),
);

/** Puts a file of the page where it can be loaded, with this Waybill as the package. */
function written(name: string): string {
  const file = join(FOLDER, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    (FILES.get(name) ?? '').replaceAll("'waybill'", `'${relative(dirname(file), PROJECT)}/src/index.js'`),
  );
  return file;
}

interface Patients {
  add(details: { labId: string; name: string; phone: string | null }): Promise<{ _id: string }>;
  find(labId: string, id: string): Promise<{ failedDeliveries?: string[] } | null>;
}

interface Shown {
  readonly PatientRegistered: ActionDefinition;
  readonly PatientIntent: Type;
  readonly PatientStatus: Type;
  readonly PatientRecordsModule: Type;
  readonly PatientRepository: Type<Patients>;
}

@Module({})
class ClinicModule {}

describe('what docs/host-developer.md shows of statuses', () => {
  let vendor: FakeVendor;

  beforeAll(async () => {
    vendor = await startFakeVendor();
  });

  afterAll(async () => {
    await vendor.close();
    rmSync(FOLDER, { recursive: true, force: true });
  });

  describe('the class', () => {
    const uri = mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${freshDatabaseName('docs')}`);
    const settings: WaybillOptionsInput = {
      mongodb: { uri },
      redis: { url: redisUrl(), prefix: freshPrefix('docs') },
      secretKeys: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      network: { allowCidrs: ['127.0.0.0/8'] },
    };
    const environment = process.env['MONGODB_URI'];
    let app: INestApplicationContext;
    let shown: Shown;

    beforeAll(async () => {
      process.env['MONGODB_URI'] = uri;
      const names = [...FILES.keys()].filter((name) => /patient(-records)?\.(?!triggers)[\w.]+$/.test(name));
      const loaded = await Promise.all(names.map(written).map((file) => import(file)));
      shown = Object.assign({}, ...loaded);
      const waybill = [
        WaybillModule.forRoot({ role: 'all', ...settings }),
        WaybillModule.forFeature({
          actions: [shown.PatientRegistered],
          intents: [shown.PatientIntent],
          listeners: [shown.PatientStatus],
          imports: [shown.PatientRecordsModule],
        }),
      ];
      app = await NestFactory.createApplicationContext(
        { module: ClinicModule, imports: waybill },
        { logger: ['error'] },
      );
      await app.get(TenantService).create(asTenantId('lab-12'), 'Lab 12');
    });

    afterAll(async () => {
      await app.close();
      if (environment !== undefined) process.env['MONGODB_URI'] = environment;
      const connection = await createConnection(uri).asPromise();
      await connection.dropDatabase();
      await connection.close();
    });

    it('notes in the record which deliveries somebody has to look at', async () => {
      const checked = await app.get(IntegrationChecker, { strict: false }).check({
        actionId: 57,
        name: 'CRM',
        vendor: 'CRM',
        endpoint: { url: vendor.url },
      });
      await app.get(IntegrationDirectory).create(asTenantId('lab-12'), checked, 'test');
      const patients = app.get(shown.PatientRepository, { strict: false });
      const { _id: patientId } = await patients.add({ labId: 'lab-12', name: 'Ana Souza', phone: null });
      vendor.answer({ status: 422 });
      const emitted = await app
        .get(ActionDispatcher)
        .emitByReference('patient.registered', { tenantId: 'lab-12', patientId });
      const noted = await eventually(
        async () => (await patients.find('lab-12', patientId))?.failedDeliveries ?? [],
        (failed) => failed.length > 0,
      );
      expect(noted).toEqual([emitted.deliveries[0]?.logId]);
    });
  });

  describe('the receiver', () => {
    let host: Awaited<ReturnType<typeof startServerHost>>;
    let receiver: ChildProcessByStdio<null, Readable, null> | null = null;

    afterAll(async () => {
      receiver?.kill('SIGKILL');
      await host.close();
    });

    it('takes what Waybill has signed, and nothing else', async () => {
      host = await startServerHost();
      const reserved = await startFakeVendor();
      const { url } = reserved;
      await reserved.close();
      vendor.answer({ status: 200 });
      const { body } = await new ApiClient(host, await host.createKey())
        .post('/v1/integrations', {
          actionId: PatientRegistered.id,
          name: 'CRM',
          vendor: 'CRM',
          endpoint: { url: vendor.url },
          statusCallback: { url },
        })
        .expect(201);
      const secret = String(body.statusCallbackSecret);
      receiver = spawn(process.execPath, [written('status-receiver.mjs')], {
        env: { ...process.env, STATUS_SECRET: secret, STATUS_PORT: new URL(url).port },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      receiver.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      await once(receiver.stdout, 'data');

      const send = async (key: string, sentAt: Date) => {
        const forged = JSON.stringify({ data: { logId: 'log_forged', sequence: 0, status: 'SUCCESS' } });
        const message = { id: 'log_forged-0', sentAt, method: 'POST', target: '/', body: forged };
        const headers = webhookHeaders(message, [{ scheme: 'v1', secret: key }]);
        return (await fetch(url, { method: 'POST', headers, body: forged })).status;
      };
      expect(await send(V1_SCHEME.newKey().secret, new Date())).toBe(401);
      expect(await send(secret, new Date(Date.now() - 3_600_000))).toBe(401);
      expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);

      const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
      const lines = await eventually(
        () => [...said.matchAll(/^\{.*$/gm)].map(([line]) => JSON.parse(line)),
        (told) => told.length >= 2,
      );
      const told = { logId: deliveries[0]?.logId, context: { tenantId: LAB, patientId: 'P-1' } };
      expect(lines).toEqual([
        { ...told, status: 'QUEUED' },
        { ...told, status: 'SUCCESS' },
      ]);
    });
  });
});
