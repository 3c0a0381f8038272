#!/usr/bin/env node
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { asTenantId, TENANT_ID_PATTERN } from './common/ids.js';
import { WaybillError } from './common/waybill.error.js';
import { optionsFromEnvironment } from './config/environment.js';
import { resolveSettings, SETTINGS } from './config/settings.js';
import { ApiKeyService, type NewApiKey } from './security/api-keys/api-key.service.js';
import { TenantService } from './security/tenants/tenant.service.js';
import { StorageModule } from './storage/storage.module.js';

const HELP = `Makes an API key and prints it. The key is shown this once; only its hash is kept.

  npm run keys -- create --tenant lab-12 --name "billing"    a key that acts for one tenant
  npm run keys -- create --platform --name "operations"      a key that acts for every tenant

  --tenant ID   the tenant; it must exist (POST /v1/tenants), or give --create-tenant
  --create-tenant  creates the tenant where there is none
  --platform    a key of the platform
  --name NAME   whose it is, for the history: 1 to 120 characters
  --help        this text

Reads MONGODB_URI.`;

/** What the settings ask for and a key does not need. */
const UNUSED = { REDIS_URL: 'redis://unused', WAYBILL_SECRET_KEYS: 'unused' };

@Module({
  imports: [
    {
      module: class SettingsModule {},
      global: true,
      providers: [
        {
          provide: SETTINGS,
          useFactory: () => resolveSettings(optionsFromEnvironment({ ...process.env, ...UNUSED }).options),
        },
      ],
      exports: [SETTINGS],
    },
    StorageModule,
  ],
  providers: [ApiKeyService, TenantService],
})
class KeysModule {}

interface Wish {
  /** `null`: a key of the platform. */
  readonly tenant: string | null;
  readonly createTenant: boolean;
  readonly name: string;
}

async function create({ tenant, createTenant, name }: Wish): Promise<NewApiKey> {
  const app = await NestFactory.createApplicationContext(KeysModule, { logger: false, abortOnError: false });
  try {
    if (tenant !== null) await requireTenant(app.get(TenantService), tenant, createTenant);
    return await app.get(ApiKeyService).create(tenant === null ? null : asTenantId(tenant), name);
  } finally {
    await app.close();
  }
}

async function requireTenant(tenants: TenantService, id: string, createTenant: boolean): Promise<void> {
  try {
    await tenants.get(asTenantId(id));
  } catch (error) {
    if (!createTenant || !(error instanceof WaybillError) || error.code !== 'TENANT_UNKNOWN') throw error;
    await tenants.create(asTenantId(id), id);
  }
}

/** What was asked for, or what is wrong with it. */
function readArguments(args: readonly string[]): Wish | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tenant: { type: 'string' },
      'create-tenant': { type: 'boolean', default: false },
      platform: { type: 'boolean', default: false },
      name: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { tenant, platform, name, 'create-tenant': createTenant } = values;
  if (values.help) return '';
  if (positionals.length !== 1 || positionals[0] !== 'create') return 'Say what to do: create.';
  if (platform === (tenant !== undefined)) return 'Give either --tenant ID or --platform.';
  if (tenant !== undefined && !TENANT_ID_PATTERN.test(tenant)) {
    return 'A tenant id has 1 to 64 lower-case letters, digits, _ or -, and starts with a letter or a digit.';
  }
  if (name === undefined || name.trim() === '' || name.length > 120) return 'Give --name with 1 to 120 characters.';
  return { tenant: tenant ?? null, createTenant, name };
}

try {
  const wish = readArguments(process.argv.slice(2));
  if (wish === '') console.log(HELP);
  else if (typeof wish === 'string') {
    console.error(`${wish}\n\n${HELP}`);
    process.exitCode = 2;
  } else {
    console.log((await create(wish)).key);
  }
} catch (error) {
  if (error instanceof WaybillError) console.error(`${error.message}. ${error.remedy}`);
  else if (error instanceof TypeError) console.error(`${error.message}\n\n${HELP}`);
  else console.error(error);
  process.exit(1);
}
