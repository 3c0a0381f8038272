import 'reflect-metadata';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IntegrationLogger, WaybillModule } from 'waybill';
import { type Fields, numberIn } from '../support/child-messages.js';
import { payloadOf } from '../support/constants.js';
import { serveCommands } from '../support/serve-commands.js';
import { quantile } from '../support/statistics.js';

/** A host whose own calls are logged, beside the same calls without a log. */

const { BENCH_MONGODB_URI = '', BENCH_REDIS_URL = '', BENCH_REDIS_PREFIX = '' } = process.env;
/** So many at a time, then the event loop turns: what a host's handlers do. */
const AT_A_TIME = 10;
const INPUT = { tenantId: 'bench', patientId: 'P-1', record: payloadOf({}) };

@Injectable()
class Desk {
  async plain(input: object): Promise<object> {
    return this.work(input);
  }

  @IntegrationLogger({ name: 'desk' })
  async logged(input: object): Promise<object> {
    return this.work(input);
  }

  /** As short as a call can be that waits for anything. */
  private async work(input: object): Promise<object> {
    await nextTurn();
    return input;
  }
}

@Module({
  imports: [
    WaybillModule.forRoot({
      role: 'api',
      mongodb: { uri: BENCH_MONGODB_URI },
      redis: { url: BENCH_REDIS_URL, prefix: BENCH_REDIS_PREFIX },
      secretKeys: `bench:${Buffer.alloc(32, 7).toString('base64')}`,
    }),
  ],
  providers: [Desk],
})
class LogModule {}

const app = await NestFactory.createApplicationContext(LogModule, { logger: ['error', 'fatal'], abortOnError: false });
const desk = app.get(Desk);

async function timed(call: () => Promise<object>): Promise<number> {
  const startedMs = performance.now();
  await call();
  return performance.now() - startedMs;
}

/** What each quantile of the logged calls is above that of the plain ones, both made in turns. */
async function callAll(args: Fields): Promise<Fields> {
  const plain: number[] = [];
  const logged: number[] = [];
  const several = (call: () => Promise<object>) => Promise.all(Array.from({ length: AT_A_TIME }, () => timed(call)));
  while (logged.length < numberIn(args, 'calls')) {
    plain.push(...(await several(() => desk.plain(INPUT))));
    logged.push(...(await several(() => desk.logged(INPUT))));
  }
  const added = (q: number) => quantile(logged, q) - quantile(plain, q);
  return { addedP50: added(0.5), addedP99: added(0.99) };
}

serveCommands({}, { callAll }, () => app.close());
