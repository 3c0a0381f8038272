import type { INestApplicationContext } from '@nestjs/common';
import { AuditVerification } from '../audit/audit-verification.js';
import { InsightsRebuild, type RebuiltDay } from '../insights/insights-rebuild.js';
import { Database } from '../storage/database.js';
import { DB_HELP, type DbCommand } from './db-arguments.js';
import { Migrator } from './migrator.js';
import { onProgress } from './progress.js';

/** Where a command prints what was asked for, and where what it is at. */
export interface Terminal {
  readonly print: (line: string) => void;
  readonly tell: (line: string) => void;
}

/** Answers with the exit code. */
export function runDbCommand(app: INestApplicationContext, command: DbCommand, terminal: Terminal): Promise<number> {
  switch (command.name) {
    case 'help':
      terminal.print(DB_HELP);
      return Promise.resolve(0);
    case 'status':
      return printStatus(app.get(Migrator), terminal);
    case 'check':
      return printCheck(app.get(Migrator), terminal);
    case 'up':
      return migrate(app.get(Migrator), terminal);
    case 'verify-audit':
      return verifyAudit(app, command, terminal);
    case 'rebuild-rollups':
      break;
  }
  return rebuildRollups(app, command, terminal);
}

async function printStatus(migrator: Migrator, { print }: Terminal): Promise<number> {
  const states = await migrator.status();
  for (const { name, appliedAt } of states) print(`${name}  ${appliedAt ?? 'pending'}`);
  return states.some(({ appliedAt }) => appliedAt === null) ? 1 : 0;
}

async function migrate(migrator: Migrator, terminal: Terminal): Promise<number> {
  onProgress(terminal.tell);
  await migrator.up((holder) => terminal.tell(`Waiting for another that is at it: ${holder}`));
  return printCheck(migrator, terminal);
}

async function printCheck(migrator: Migrator, { print }: Terminal): Promise<number> {
  const { indexes, missingCollections, otherCollections } = await migrator.check();
  for (const name of missingCollections) print(`The collection ${name} is missing.`);
  for (const { kind, collection, index } of indexes) print(`The index ${collection}.${index} is ${kind}.`);
  if (otherCollections.length > 0) print(`Not of Waybill: ${otherCollections.join(', ')}.`);
  if (indexes.length + missingCollections.length > 0) return 1;
  print('The database is as this version needs it.');
  return 0;
}

async function rebuildRollups(
  app: INestApplicationContext,
  { from, to, tenantId }: Extract<DbCommand, { name: 'rebuild-rollups' }>,
  { tell }: Terminal,
): Promise<number> {
  const onDay = ({ tenantId: id, day }: RebuiltDay) => tell(`${id} ${day.toISOString().slice(0, 10)}`);
  await app.get(InsightsRebuild, { strict: false }).rebuild({ from, to, tenantId, onDay });
  return 0;
}

async function verifyAudit(
  app: INestApplicationContext,
  { expected }: Extract<DbCommand, { name: 'verify-audit' }>,
  { print, tell }: Terminal,
): Promise<number> {
  await app.get(Database, { strict: false }).ready();
  let broken = 0;
  const options = { expected, onProgress: (entries: number) => tell(`${entries} entries`) };
  for await (const { chain, head, fault } of app.get(AuditVerification).chains(options)) {
    if (fault === null) print(`${chain}=${head.seq}:${head.hash}`);
    else {
      broken += 1;
      tell(`${chain}: ${fault}`);
    }
  }
  if (broken > 0) tell(`${broken} chains of the audit log are broken.`);
  return broken === 0 ? 0 : 1;
}
