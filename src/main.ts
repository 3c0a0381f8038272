#!/usr/bin/env node
import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { createPinoLogger, PinoNestLogger } from './common/pino-logger.js';
import { isRecord } from './common/primitives.js';
import { Redactor } from './common/redaction.js';
import { WaybillError } from './common/waybill.error.js';
import { optionsFromEnvironment, type ServerEnvironment } from './config/environment.js';
import { secretValuesOf } from './config/secret-values.js';
import { describeSettings, SETTINGS, type Settings } from './config/settings.js';
import { createRequestLog } from './http/request-log.js';
import { setUpOpenApi } from './openapi.js';
import { setUpServer } from './server.js';

/** Messages of drivers may quote a connection string: whatever is printed passes here. */
const redactor = new Redactor(secretValuesOf(process.env));
const hooks = { streamWrite: (line: string) => redactor.text(line) };

async function start(): Promise<void> {
  const environment = optionsFromEnvironment(process.env);
  const logger = new PinoNestLogger(createPinoLogger(environment.logLevel, { hooks }));
  const app = await (environment.port === null
    ? NestFactory.createApplicationContext(AppModule.forEnvironment(environment), { logger, abortOnError: false })
    : serve(environment, environment.port, logger));
  // Having ended as it should is no failure: without this the process would end by the signal again.
  app.enableShutdownHooks([], { useProcessExit: true });
  const settings = app.get<Settings>(SETTINGS);
  logger.log({
    msg: 'Waybill has started',
    role: environment.role,
    port: environment.port,
    settings: describeSettings(settings),
  });
}

async function serve(
  environment: ServerEnvironment,
  port: number,
  logger: PinoNestLogger,
): Promise<INestApplicationContext> {
  const module = AppModule.forEnvironment(environment);
  const options = { logger, abortOnError: false, bodyParser: false, return503OnClosing: true };
  const app = await NestFactory.create<NestExpressApplication>(module, options);
  const requestLog = createRequestLog(createPinoLogger(environment.logLevel, { mixin: () => ({}), hooks }));
  setUpServer(app, app.get<Settings>(SETTINGS), requestLog, environment.trustProxy);
  if (environment.role !== 'worker') setUpOpenApi(app);
  await app.listen(port);
  return app;
}

/** One paragraph that says what is wrong and what to do; a stack only where the error is not one of ours. */
function explain(error: unknown): string {
  if (error instanceof WaybillError) return `${error.message}. ${error.remedy}`;
  if (isRecord(error) && error['code'] === 'EADDRINUSE') {
    return `Port ${String(error['port'])} is in use. Set PORT to a free one, or stop what listens there.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : `A ${typeof error} was thrown that is no error`;
}

/**
 * Prints what went wrong and ends. Node's own report would show the error's properties, in which drivers keep their
 * settings and HTTP clients their requests.
 */
function end(error: unknown): never {
  console.error(redactor.text(explain(error)));
  // Connections that were opened before the failure would keep the process.
  process.exit(1);
}

// A rejection that nobody handles comes here as well.
process.on('uncaughtException', end);

try {
  await start();
} catch (error) {
  end(error);
}
