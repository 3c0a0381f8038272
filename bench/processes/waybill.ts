import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ActionDispatcher,
  ApiKeyService,
  asTenantId,
  InsightsRebuild,
  setUpBodyParsers,
  TenantService,
  WaybillModule,
} from 'waybill';
import { CONCURRENCY } from '../support/constants.js';
import { type Fields, nowMs, numberIn } from '../support/child-messages.js';
import { serveCommands } from '../support/serve-commands.js';
import { BenchHostModule, FiveVendors, OneVendor } from './bench-host.js';

/** Waybill in a process of its own: role `api` or `worker`, as BENCH_ROLE says. */

const { BENCH_MONGODB_URI = '', BENCH_REDIS_URL = '', BENCH_REDIS_PREFIX = '' } = process.env;
const role = process.env['BENCH_ROLE'] === 'worker' ? 'worker' : 'api';
const TENANT = 'bench';

@Module({
  imports: [
    WaybillModule.forRoot({
      role,
      mongodb: { uri: BENCH_MONGODB_URI },
      redis: { url: BENCH_REDIS_URL, prefix: BENCH_REDIS_PREFIX },
      secretKeys: `bench:${Buffer.alloc(32, 7).toString('base64')}`,
      network: { allowCidrs: ['127.0.0.0/8'] },
      delivery: { concurrency: CONCURRENCY },
    }),
    BenchHostModule,
  ],
})
class BenchModule {}

const startedAtMs = nowMs();
const app = await NestFactory.create(BenchModule, {
  logger: ['error', 'warn', 'fatal'],
  abortOnError: false,
});
const ready = role === 'api' ? await openApi(app) : await openWorker(app);
const dispatcher = app.get(ActionDispatcher);

async function openApi(api: INestApplication): Promise<Fields> {
  setUpBodyParsers(api);
  await api.listen(0, '127.0.0.1');
  const tenants = api.get(TenantService);
  if ((await tenants.list('', 1)).length === 0) await tenants.create(asTenantId(TENANT), 'Bench');
  const { key } = await api.get(ApiKeyService).create(asTenantId(TENANT), 'bench');
  return { url: await api.getUrl(), key };
}

async function openWorker(worker: INestApplication): Promise<Fields> {
  await worker.init();
  return { readyAtMs: nowMs(), startedAtMs };
}

const emitOne = (number: number, emittedAt: number, action = OneVendor) =>
  dispatcher.emit(action, { tenantId: TENANT, patientId: `P-${number}`, emittedAt });

/** So many callers, each emitting one event after the other. */
async function emit(args: Fields, action = OneVendor): Promise<Fields> {
  const count = numberIn(args, 'count');
  let next = 0;
  const caller = async () => {
    while (next < count) await emitOne((next += 1), 0, action);
  };
  const fromMs = nowMs();
  await Promise.all(Array.from({ length: numberIn(args, 'callers') }, caller));
  return { durationMs: nowMs() - fromMs };
}

/** Emits at fixed times whatever becomes of the emits before (open loop). Latency counts from when the emit was due. */
async function emitAtRate(args: Fields): Promise<Fields> {
  const intervalMs = 1_000 / numberIn(args, 'perS');
  const fromMs = nowMs() + intervalMs;
  const emits: Promise<unknown>[] = [];
  for (let number = 0; number < numberIn(args, 'count'); number += 1) {
    const dueAtMs = fromMs + number * intervalMs;
    await delay(Math.max(0, dueAtMs - nowMs()));
    emits.push(emitOne(number, dueAtMs));
  }
  await Promise.all(emits);
  return {};
}

/** Sums the logs of some days up, for the statistics. */
async function rebuild(args: Fields): Promise<Fields> {
  const fromMs = nowMs();
  const [from, to] = [new Date(numberIn(args, 'fromMs')), new Date(numberIn(args, 'toMs'))];
  await app.get(InsightsRebuild).rebuild({ from, to, tenantId: asTenantId(TENANT) });
  return { durationMs: nowMs() - fromMs };
}

serveCommands(
  { ...ready },
  { emit: (args) => emit(args), emitToFive: (args) => emit(args, FiveVendors), emitAtRate, rebuild },
  () => app.close(),
);
