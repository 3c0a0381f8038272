import { parseArgs } from 'node:util';
import { asTenantId, type TenantId } from '../common/ids.js';
import type { KnownEntry } from '../audit/audit-verification.js';

export const DB_HELP = `npm run db -- COMMAND        (of an installed package: npx waybill-db COMMAND)

  status                     which migrations were applied, and when
  up                         applies those that are pending and creates missing indexes; before every upgrade
  check                      compares collections and indexes with what this version declares
  verify-audit [--expect CHAIN=SEQ:HASH]...
                             walks the audit log, names the first entry of each chain that was changed, removed or
                             inserted, and prints the last entry of each as CHAIN=SEQ:HASH
  rebuild-rollups --from DAY --to DAY [--tenant ID]
                             sums the logs of those days of UTC (YYYY-MM-DD; --to is not among them) up anew, for
                             statistics and failure groups, while everything runs

  --expect      an entry that the chain must have, as an earlier run printed it: finds a chain whose end was cut off
  --help        this text

Exits with 1 where something is pending, missing, different, unknown or broken. Reads MONGODB_URI.`;

export type DbCommand =
  | { readonly name: 'help' | 'status' | 'up' | 'check' }
  | { readonly name: 'verify-audit'; readonly expected: ReadonlyMap<string, KnownEntry> }
  | { readonly name: 'rebuild-rollups'; readonly from: Date; readonly to: Date; readonly tenantId?: TenantId };

const DAY = /^\d{4}-\d\d-\d\d$/;
const EXPECTATION = /^([\w()-]+)=(\d{1,12}):([0-9a-f]{64})$/;

/** What was asked for, or, as a sentence, what is wrong with it. */
export function readDbArguments(args: readonly string[]): DbCommand | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      expect: { type: 'string', multiple: true },
      from: { type: 'string' },
      to: { type: 'string' },
      tenant: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { name: 'help' };
  const [name = '', ...rest] = positionals;
  if (rest.length > 0) return `${name} was given too many words.`;
  if (values.expect && name !== 'verify-audit') return '--expect is for verify-audit.';
  const { from, to, tenant } = values;
  if ((from ?? to ?? tenant) !== undefined && name !== 'rebuild-rollups')
    return '--from, --to and --tenant are for rebuild-rollups.';
  switch (name) {
    case 'status':
    case 'up':
    case 'check':
      return { name };
    case 'verify-audit':
      return readExpectations(values.expect ?? []);
    case 'rebuild-rollups':
      return readDays(from, to, tenant);
    default:
      return 'Say what to do: status, up, check, verify-audit or rebuild-rollups.';
  }
}

function readDays(from = '', to = '', tenant?: string): DbCommand | string {
  const days = [from, to].map((text) => new Date(DAY.test(text) ? text : Number.NaN));
  const [first = new Date(Number.NaN), end = first] = days;
  if (!(first < end)) return '--from and --to must be days such as 2026-11-01, --to the later one.';
  return {
    name: 'rebuild-rollups',
    from: first,
    to: end,
    ...(tenant === undefined ? {} : { tenantId: asTenantId(tenant) }),
  };
}

function readExpectations(texts: readonly string[]): DbCommand | string {
  const expected = new Map<string, KnownEntry>();
  for (const text of texts) {
    const [, chain, seq, hash] = EXPECTATION.exec(text) ?? [];
    if (chain === undefined || hash === undefined)
      return `--expect "${text}" is not CHAIN=SEQ:HASH, as verify-audit prints it.`;
    expected.set(chain, { seq: Number(seq), hash });
  }
  return { name: 'verify-audit', expected };
}
