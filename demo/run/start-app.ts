import { randomBytes } from 'node:crypto';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setUpBodyParsers, setUpOpenApi, WaybillModule } from 'waybill';
import { LabModule } from '../lab/lab.module.js';
import { type DemoServices, ServicesError } from './demo-services.js';
import { StderrLogger } from './stderr-logger.js';

/** A stopping demo gives running calls this long to end: its vendors answer at once. */
const STOP_TIMEOUT_MS = 5_000;
const SECRET_KEY_BYTES = 32;

@Module({})
class DemoModule {}

/** The lab with Waybill in it, serving both HTTP APIs and working the deliveries, all in this process. */
export async function startApp(services: DemoServices, port: number): Promise<{ app: INestApplication; url: string }> {
  const waybill = WaybillModule.forRootAsync({
    role: 'all',
    useFactory: () => ({
      mongodb: { uri: services.hubUri },
      redis: { url: services.redisUrl, prefix: services.redisPrefix },
      // A real host keeps its keys; what this run encrypts is dropped at its end.
      secretKeys: `demo:${randomBytes(SECRET_KEY_BYTES).toString('base64')}`,
      // The vendors listen on loopback, which is refused unless a range allows it.
      network: { allowCidrs: ['127.0.0.0/8'] },
      delivery: { stopTimeoutMs: STOP_TIMEOUT_MS },
    }),
  });
  const app = await NestFactory.create(
    { module: DemoModule, imports: [waybill, LabModule.withDatabase(services.labUri)] },
    { logger: new StderrLogger(), abortOnError: false },
  );
  try {
    setUpBodyParsers(app);
    setUpOpenApi(app);
    await app.listen(port, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw isAddressInUse(error) ? new ServicesError(portTaken(port)) : error;
  }
  return { app, url: await app.getUrl() };
}

const isAddressInUse = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

const portTaken = (port: number) =>
  `Port ${port} is taken by another program. Give another one by --port, or leave it out to use a free one.`;
