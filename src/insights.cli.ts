#!/usr/bin/env node
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { asTenantId } from './common/ids.js';
import { Redactor } from './common/redaction.js';
import { WaybillError } from './common/waybill.error.js';
import { secretValuesOf } from './config/secret-values.js';
import { InsightsRebuild } from './insights/insights-rebuild.js';
import { InsightsRebuildModule } from './insights/insights-rebuild.module.js';

const HELP = `Statistics and failure groups, which are summed up from the logs.

  npm run rollups -- rebuild --from 2026-11-01 --to 2026-11-08 [--tenant ID]

sums the logs of those days of UTC (--to is not among them) up anew, while everything runs. Reads MONGODB_URI.`;

async function rebuild(from: Date, to: Date, tenant: string | undefined): Promise<void> {
  const app = await NestFactory.createApplicationContext(InsightsRebuildModule, { logger: false, abortOnError: false });
  try {
    const tenantId = tenant === undefined ? undefined : asTenantId(tenant);
    const onDay = ({ tenantId: id, day }: { tenantId: string; day: Date }) =>
      console.error(`${id} ${day.toISOString().slice(0, 10)}`);
    await app.get(InsightsRebuild).rebuild({ from, to, tenantId, onDay });
  } finally {
    await app.close();
  }
}

const DAY = /^\d{4}-\d\d-\d\d$/;

try {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: { from: { type: 'string' }, to: { type: 'string' }, tenant: { type: 'string' } },
  });
  const { from = '', to = '', tenant } = values;
  if (positionals.join(' ') === 'rebuild' && DAY.test(from) && DAY.test(to)) {
    await rebuild(new Date(from), new Date(to), tenant);
  } else {
    console.error(HELP);
    process.exitCode = 2;
  }
} catch (error) {
  const told = error instanceof WaybillError ? `${error.message}. ${error.remedy}` : String(error);
  console.error(new Redactor(secretValuesOf(process.env)).text(told));
  process.exitCode = 1;
}
