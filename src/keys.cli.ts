#!/usr/bin/env node
import 'reflect-metadata';
import { type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuditLog } from './audit/audit-log.js';
import { asTenantId } from './common/ids.js';
import { Redactor } from './common/redaction.js';
import { WaybillError } from './common/waybill.error.js';
import { secretValuesOf } from './config/secret-values.js';
import { commandAct } from './keys/command-act.js';
import { KEYS_HELP, type KeysCommand, readKeysArguments } from './keys/keys-arguments.js';
import { KeysModule } from './keys/keys.module.js';
import { type ReceivedRotated, ReceivedRotation } from './logging/received/received-rotation.js';
import { ApiKeyService } from './security/api-keys/api-key.service.js';
import { SecretCipher } from './security/secrets/secret-cipher.js';
import { type Rotation, SecretRotation } from './security/secrets/secret-rotation.js';
import { TenantService } from './security/tenants/tenant.service.js';

type Create = Extract<KeysCommand, { name: 'create' }>;
type Revoke = Extract<KeysCommand, { name: 'revoke' }>;
type Discard = Extract<KeysCommand, { name: 'discard' }>;

async function withContext<T>(module: DynamicModule, work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

async function create(app: INestApplicationContext, command: Create): Promise<void> {
  const { tenant, holder, why } = command;
  if (tenant !== null) await requireTenant(app, tenant, command);
  const tenantId = tenant === null ? null : asTenantId(tenant);
  const act = commandAct({ tenantId, what: 'api-key.create', subject: { type: 'api-key', id: null }, why });
  const perform = () => app.get(ApiKeyService).create(tenantId, holder);
  const { key } = await app.get(AuditLog, { strict: false }).around(act, perform, { madeId: ({ id }) => id });
  console.log(key);
}

async function requireTenant(app: INestApplicationContext, id: string, { createTenant, why }: Create): Promise<void> {
  const tenants = app.get(TenantService);
  try {
    await tenants.get(asTenantId(id));
  } catch (error) {
    if (!createTenant || !(error instanceof WaybillError) || error.code !== 'TENANT_UNKNOWN') throw error;
    const act = commandAct({ tenantId: null, what: 'tenant.create', subject: { type: 'tenant', id }, why });
    await app.get(AuditLog, { strict: false }).around(act, () => tenants.create(asTenantId(id), id));
  }
}

async function revoke(app: INestApplicationContext, { id, why }: Revoke): Promise<void> {
  const keys = app.get(ApiKeyService);
  const { tenantId } = await keys.get(id);
  const act = commandAct({ tenantId, what: 'api-key.revoke', subject: { type: 'api-key', id }, why });
  const revokedAt = await app.get(AuditLog, { strict: false }).around(act, () => keys.revoke(id));
  console.log(`Revoked since ${revokedAt.toISOString()}; every process refuses it a second later.`);
}

async function list(app: INestApplicationContext): Promise<void> {
  for (const { _id, tenantId, name, createdAt, revokedAt } of await app.get(ApiKeyService).list()) {
    const state = revokedAt === null ? 'valid' : `revoked ${revokedAt.toISOString()}`;
    console.log([_id, tenantId ?? '(platform)', createdAt.toISOString(), state, name].join('  '));
  }
}

async function discard(app: INestApplicationContext, { keyId, isConfirmed, why }: Discard): Promise<void> {
  const rotation = app.get(SecretRotation);
  const requests = app.get(ReceivedRotation);
  if (isConfirmed) {
    const subject = { type: 'secret-key', id: keyId };
    const act = commandAct({ tenantId: null, what: 'secret-key.discard', subject, why });
    const perform = async () => [await requests.discard(keyId), await rotation.discard(keyId)];
    const [parts = 0, count] = await app.get(AuditLog, { strict: false }).around(act, perform);
    console.log(`Discarded ${count} secrets of the key "${keyId}". Enter them anew.`);
    if (parts > 0) console.log(`Discarded ${parts} stored parts of webhooks: their logs cannot be worked on again.`);
    return;
  }
  console.log(`${await rotation.countOf(keyId)} secrets of the key "${keyId}" would be lost. Give --confirm to do so.`);
  console.log(`So would ${await requests.countOf(keyId)} stored parts of webhooks.`);
}

async function rotate(app: INestApplicationContext, why: string | null): Promise<void> {
  const subject = { type: 'secret-key', id: app.get(SecretCipher).activeKeyId };
  const act = commandAct({ tenantId: null, what: 'secret-key.rotate', subject, why });
  const requests = app.get(ReceivedRotation);
  const perform = async () => ({
    secrets: await app
      .get(SecretRotation)
      .rotate(({ rotated, total }) => console.error(`${rotated} of ${total} secrets`)),
    requests: await requests.rotate((rotated) => console.error(`${rotated} stored parts of webhooks`)),
  });
  const done = await app.get(AuditLog, { strict: false }).around(act, perform);
  const left = new Map<string, number>();
  for (const [keyId, count] of done.secrets.left) left.set(keyId, count + (await requests.countOf(keyId)));
  for (const line of describeRotation({ ...done.secrets, left })) console.log(line);
  for (const line of describeRequests(done.requests)) console.log(line);
  if (done.secrets.unreadable.length > 0) process.exitCode = 1;
}

function describeRequests({ rotated, unreadable }: ReceivedRotated): string[] {
  const left = `${unreadable} stored parts of webhooks cannot be decrypted, and stay until they expire.`;
  return [`Encrypted ${rotated} stored parts of webhooks anew under the same key.`, ...(unreadable > 0 ? [left] : [])];
}

function describeRotation({ keyId, rotated, unreadable, left }: Rotation): string[] {
  return [
    `Encrypted ${rotated} secrets anew under the key "${keyId}".`,
    ...unreadable.map((id) => `The secret ${id} cannot be decrypted and was left as it is: enter it anew.`),
    ...[...left].map(([old, count]) =>
      count === 0
        ? `The key "${old}" is no longer needed. Once no process has it first, take it out of WAYBILL_SECRET_KEYS.`
        : `The key "${old}" still encrypts ${count} secrets or parts of webhooks. Keep it, and run this again.`,
    ),
  ];
}

async function run(command: KeysCommand): Promise<void> {
  switch (command.name) {
    case 'help':
      return console.log(KEYS_HELP);
    case 'create':
      return withContext(KeysModule.withoutSecretKeys(), (app) => create(app, command));
    case 'list':
      return withContext(KeysModule.withoutSecretKeys(), list);
    case 'revoke':
      return withContext(KeysModule.withoutSecretKeys(), (app) => revoke(app, command));
    case 'rotate':
      return withContext(KeysModule.withSecretKeys(), (app) => rotate(app, command.why));
    case 'discard':
      return withContext(KeysModule.withoutSecretKeys(), (app) => discard(app, command));
  }
}

try {
  const command = readKeysArguments(process.argv.slice(2));
  if (typeof command === 'string') {
    console.error(`${command}\n\n${KEYS_HELP}`);
    process.exitCode = 2;
  } else {
    await run(command);
  }
} catch (error) {
  console.error(new Redactor(secretValuesOf(process.env)).text(explain(error)));
  process.exit(1);
}

function explain(error: unknown): string {
  if (error instanceof WaybillError) return `${error.message}. ${error.remedy}`;
  if (error instanceof TypeError) return `${error.message}\n\n${KEYS_HELP}`;
  return error instanceof Error ? (error.stack ?? error.message) : `A ${typeof error} was thrown that is no error`;
}
