import { setTimeout as delay } from 'node:timers/promises';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Redis } from 'ioredis';
import { createConnection } from 'mongoose';
import supertest from 'supertest';
import { asLogId, asTenantId, type LogId, type TenantId } from '../../src/common/ids.js';
import type { WaybillOptionsInput } from '../../src/config/settings.js';
import {
  ActionDispatcher,
  ApiKeyService,
  type Role,
  setUpBodyParsers,
  TenantService,
  WaybillModule,
} from '../../src/index.js';
import { IntegrationChecker } from '../../src/integrations/integration-checker.js';
import type { Integration } from '../../src/integrations/integration.js';
import { IntegrationDirectory } from '../../src/integrations/integration-directory.js';
import type { IntegrationLog, LogStatus } from '../../src/logging/integration-log.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { LogFinder } from '../../src/logging/log-finder.js';
import { Database } from '../../src/storage/database.js';
import { isDatabaseUnavailable } from '../../src/storage/mongo-errors.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from './services.js';
import { type Patient, PatientIntent, PatientRegistered, PatientRepository, PatientsModule } from './test-lab.js';

const LOOK_AGAIN_MS = 10;
const DEFAULT_TIMEOUT_MS = 15_000;

/** The tenant that builders use where none is named. It exists from the start. */
export const LAB: TenantId = asTenantId('lab-1');

export interface TestHostOptions {
  readonly role?: Role;
  readonly metricsEndpoint?: boolean;
  /** Laid over the defaults; with `mongodb` and `redis` of another host, two processes of one installation. */
  readonly settings?: Partial<WaybillOptionsInput>;
  readonly patients?: readonly Patient[];
  /** More of the host: its own modules, further features. */
  readonly imports?: DynamicModule[];
  /** What a host does with its application before it listens: body parser, filters, documentation. */
  readonly prepare?: (app: NestExpressApplication) => void;
  /** Leaves bodies to Nest's own parsers. */
  readonly nestParses?: 'with rawBody' | 'without rawBody';
}

export type TestHost = Awaited<ReturnType<typeof startTestHost>>;

@Module({})
class TestHostModule {}

/** A small host application, listening on loopback: Waybill with one action (57 `patient.registered`) and its patients. */
export async function startTestHost(options: TestHostOptions = {}) {
  const settings = settingsOf(options);
  const app = await NestFactory.create<NestExpressApplication>(moduleOf(options, settings), {
    logger: ['error', 'fatal'],
    abortOnError: false,
    rawBody: options.nestParses === 'with rawBody',
    bodyParser: options.prepare === undefined,
  });
  if (options.prepare) options.prepare(app);
  else if (!options.nestParses) setUpBodyParsers(app);
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    // What a refused start had opened would keep jest from ending.
    await app.close();
    throw error;
  }

  const find = <T>(token: abstract new (...dependencies: never[]) => T): T => app.get(token, { strict: false });
  const { patients } = find(PatientRepository);
  for (const patient of options.patients ?? [{ id: 'P-1', name: 'Ana Souza', phone: '555-0101' }]) {
    patients.set(patient.id, patient);
  }
  const tenants = find(TenantService);
  if ((await tenants.list('', 1)).length === 0) await tenants.create(LAB, 'Lab one');
  const findLog = (id: LogId) => find(Database).model(INTEGRATION_LOGS).findById(id).lean<IntegrationLog>();

  return {
    app,
    settings,
    dispatcher: find(ActionDispatcher),
    patients,
    http: supertest(app.getHttpServer()),
    url: await app.getUrl(),
    find,

    createTenant: async (id: string) => (await tenants.create(asTenantId(id), `Tenant ${id}`))._id,

    /** A key of the tenant, or of the platform (`null`), ready for `Authorization: Bearer`. */
    createKey: async (tenantId: string | null = LAB) => {
      const { key } = await find(ApiKeyService).create(tenantId === null ? null : asTenantId(tenantId), 'test');
      return key;
    },

    /** An integration of the host's action as the API would take it. What is not named works against any vendor. */
    createIntegration: async (partial: IntegrationPartial): Promise<Integration> => {
      const { tenantId = LAB, url, endpoint, ...rest } = partial;
      const checked = await find(IntegrationChecker).check({ ...DEFAULTS, ...rest, endpoint: { url, ...endpoint } });
      return find(IntegrationDirectory).create(asTenantId(tenantId), checked, 'test');
    },

    /** Newest first. */
    logs: (tenantId: string = LAB): Promise<IntegrationLog[]> =>
      find(LogFinder).list({ filter: { tenantId: asTenantId(tenantId) }, index: 'newest' }, null, 10_000),

    /** Of any tenant. */
    findLog,

    /** Resolves with the log once it has the status. */
    waitForLog: (logId: LogId | string, status: LogStatus, timeoutMs = DEFAULT_TIMEOUT_MS) =>
      waitForLog(findLog, asLogId(logId), status, timeoutMs),

    /** Stops the application; `keepData` leaves its database and its keys for a host that goes on with them. */
    close: async ({ keepData = false } = {}) => {
      await app.close();
      if (!keepData) await dropData(settings);
    },
  };
}

export type IntegrationPartial = {
  readonly url: string;
  readonly tenantId?: string;
  readonly endpoint?: Readonly<Record<string, unknown>>;
} & Readonly<Record<string, unknown>>;

const DEFAULTS = {
  actionId: PatientRegistered.id,
  name: 'CRM: new patients',
  vendor: 'CRM',
  timeoutMs: 5_000,
  retryPolicy: { maxAttempts: 3, baseDelayMs: 10, maxDelayMs: 10 },
};

function settingsOf({ settings }: TestHostOptions) {
  const database = freshDatabaseName('host');
  return {
    mongodb: { uri: mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${database}`) },
    redis: { url: redisUrl(), prefix: freshPrefix('host') },
    secretKeys: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    network: { allowCidrs: ['127.0.0.0/8'] },
    ...settings,
  } satisfies WaybillOptionsInput;
}

function moduleOf(
  { role = 'all', metricsEndpoint = true, imports = [] }: TestHostOptions,
  settings: WaybillOptionsInput,
): DynamicModule {
  return {
    module: TestHostModule,
    imports: [
      WaybillModule.forRoot({ role, metricsEndpoint, ...settings }),
      WaybillModule.forFeature({ actions: [PatientRegistered], intents: [PatientIntent], imports: [PatientsModule] }),
      ...imports,
    ],
  };
}

async function waitForLog(
  findLog: (id: LogId) => Promise<IntegrationLog | null>,
  id: LogId,
  status: LogStatus,
  timeoutMs: number,
): Promise<IntegrationLog> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    // A database that a test has taken away may not be back yet.
    const log = await findLog(id).catch((error: unknown) => {
      if (isDatabaseUnavailable(error)) return null;
      throw error;
    });
    if (log?.status === status) return log;
    if (Date.now() > deadline) {
      const state = log
        ? `${log.status} after ${log.attemptCount} tries (${log.errorMessage ?? 'no error'})`
        : 'missing';
      throw new Error(`Log ${id} is not ${status} after ${timeoutMs} ms: it is ${state}`);
    }
    await delay(LOOK_AGAIN_MS);
  }
}

async function dropData({ mongodb, redis }: WaybillOptionsInput): Promise<void> {
  if (mongodb.uri !== undefined) {
    const connection = await createConnection(mongodb.uri).asPromise();
    await connection.dropDatabase();
    await connection.close();
  }
  if (redis.url === undefined) return;
  const client = new Redis(redis.url);
  const keys = await client.keys(`${redis.prefix ?? 'waybill'}:*`);
  if (keys.length > 0) await client.unlink(...keys);
  await client.quit();
}
