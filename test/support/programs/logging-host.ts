import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IntegrationLogger, WaybillModule } from '../../../src/index.js';
import { LogWriter } from '../../../src/logging/log-writer.js';
import { PatientIntent, PatientRegistered, PatientRepository, PatientsModule } from '../test-lab.js';

/** What the parent wants to be called. */
export interface LoggingHostLoad {
  readonly name: string;
  readonly settings: Parameters<typeof WaybillModule.forRoot>[0];
  /** In one round, inbound and outbound in turns; 0: none. */
  readonly calls: number;
  readonly roundMs: number;
}

/** What it says of each round: of which calls the logs are durable, and how long the longest call took. */
export interface LoggingHostRound {
  readonly durable: readonly string[];
  readonly longestMs: number;
}

interface Call {
  readonly tenantId: string;
  readonly callId: string;
}

const load: LoggingHostLoad = JSON.parse(process.argv[2] ?? '');

@Injectable()
class Desk {
  @IntegrationLogger({ name: 'inbound', direction: 'inbound' })
  async receive(call: Call): Promise<string> {
    return call.callId;
  }

  @IntegrationLogger({ name: 'outbound', direction: 'outbound' })
  async send(call: Call): Promise<string> {
    if (call.callId.endsWith('7')) throw new Error('the vendor is away');
    return call.callId;
  }
}

@Module({
  imports: [
    WaybillModule.forRoot(load.settings),
    WaybillModule.forFeature({ actions: [PatientRegistered], intents: [PatientIntent], imports: [PatientsModule] }),
  ],
  providers: [Desk],
})
class LoadModule {}

const app = await NestFactory.createApplicationContext(LoadModule, { logger: ['error', 'fatal'] });
app.get(PatientRepository, { strict: false }).patients.set('P-1', { id: 'P-1', name: 'Ana', phone: null });
const desk = app.get(Desk);
const writer = app.get(LogWriter, { strict: false });
const say = (said: LoggingHostRound) => process.stdout.write(`${JSON.stringify(said)}\n`);

async function timed(callId: string, number: number): Promise<number> {
  const startedMs = performance.now();
  const call = { tenantId: 'lab-1', callId };
  await (number % 2 === 0 ? desk.receive(call) : desk.send(call)).catch(() => undefined);
  return performance.now() - startedMs;
}

async function round(number: number): Promise<void> {
  const ids = Array.from({ length: load.calls }, (_, index) => `${load.name}-${number}-${index}`);
  let longestMs = 0;
  for (const [index, callId] of ids.entries()) longestMs = Math.max(longestMs, await timed(callId, index));
  void writer.durable().then(() => say({ durable: ids, longestMs }));
  await delay(load.roundMs);
}

say({ durable: [], longestMs: 0 });
for (let number = 0; ; number += 1) await round(number);
