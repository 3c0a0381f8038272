#!/usr/bin/env node
import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { Redactor } from './common/redaction.js';
import { WaybillError } from './common/waybill.error.js';
import { optionsFromEnvironment } from './config/environment.js';
import { secretValuesOf } from './config/secret-values.js';
import { DB_HELP, readDbArguments } from './db/db-arguments.js';
import { runDbCommand } from './db/db-commands.js';
import { InsightsRebuildModule } from './insights/insights-rebuild.module.js';
import { DbModule } from './db/db.module.js';

/** What the settings ask for and this command does not need. */
const UNUSED = {
  REDIS_URL: 'redis://unused',
  WAYBILL_SECRET_KEYS: `unused:${Buffer.alloc(32).toString('base64')}`,
};

const files = { directory: fileURLToPath(new URL('./migrations', import.meta.url)), extension: '.js' };
const terminal = { print: (line: string) => console.log(line), tell: (line: string) => console.error(line) };

try {
  const command = readDbArguments(process.argv.slice(2));
  if (typeof command === 'string') {
    console.error(`${command}\n\n${DB_HELP}`);
    process.exitCode = 2;
  } else {
    // What it is made of checks the indexes, which the other commands are there to bring about.
    const parts = command.name === 'rebuild-rollups' ? [InsightsRebuildModule] : [];
    const module = DbModule.of(() => optionsFromEnvironment({ ...process.env, ...UNUSED }).options, files, parts);
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    try {
      process.exitCode = await runDbCommand(app, command, terminal);
    } finally {
      await app.close();
    }
  }
} catch (error) {
  console.error(new Redactor(secretValuesOf(process.env)).text(explain(error)));
  process.exit(1);
}

function explain(error: unknown): string {
  if (error instanceof WaybillError) return `${error.message}. ${error.remedy}`;
  if (error instanceof TypeError) return `${error.message}\n\n${DB_HELP}`;
  return error instanceof Error ? (error.stack ?? error.message) : `A ${typeof error} was thrown that is no error`;
}
