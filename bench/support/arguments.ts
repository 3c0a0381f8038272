import { parseArgs } from 'node:util';
import { BenchFailure } from './bench-failure.js';

const PART_NAMES = ['worker', 'emit', 'http', 'latency', 'isolation', 'log', 'inbound', 'search'] as const;
export type PartName = (typeof PART_NAMES)[number];
/** Takes minutes to make its logs, so it is run when it is named. */
const BY_NAME_ONLY: readonly PartName[] = ['search'];

export interface BenchArguments {
  readonly help: boolean;
  readonly json: boolean;
  readonly profileInto: string | null;
  readonly parts: readonly PartName[];
}

export const USAGE = `npm run bench [-- [part ...] [--json] [--profile DIR]]

Parts; without one, all but the last, in about 5 minutes:
  worker    (a) a plain BullMQ worker as the ceiling, and (b) Waybill's worker on the same jobs
  emit      (c) emit in process, 32 callers
  http      (d) POST /v1/events to delivery, 32 clients, 1 and 5 integrations
  latency   (e) emit to arrival at the vendor, at 100/s
  isolation (f) the same of healthy vendors beside one that hangs with 10,000 deliveries queued
  log       (g) what @IntegrationLogger adds to a host's own call, with MongoDB up and down
  inbound   (h) signed webhooks acknowledged by a receiver written by hand, (i) by Waybill, 32 clients
  search    (h) searches and statistics of 1,000,000 logs, which are made once (minutes) and kept in
            the database waybill_bench_search: npm run services -- down, or dropDatabase, is rid of them

  --json         the last line of the output is one JSON object
  --profile DIR  writes V8 CPU profiles of the measured Waybill processes into DIR
  --help         this text

The services are those of MONGODB_URI and REDIS_URL, or the embedded ones.`;

/** @throws BenchFailure for whatever is not known. */
export function parseArguments(args: string[]): BenchArguments {
  const { values, positionals } = parse(args);
  const unknown = positionals.filter((name) => !isPartName(name));
  if (unknown.length > 0) {
    throw new BenchFailure(`There is no part ${unknown.join(', ')}; the parts are ${PART_NAMES.join(', ')}`);
  }
  const parts =
    positionals.length === 0
      ? PART_NAMES.filter((name) => !BY_NAME_ONLY.includes(name))
      : PART_NAMES.filter((name) => positionals.includes(name));
  return { help: values.help, json: values.json, profileInto: values.profile ?? null, parts };
}

const isPartName = (name: string): name is PartName => PART_NAMES.some((known) => known === name);

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        json: { type: 'boolean', default: false },
        profile: { type: 'string' },
      },
    });
  } catch (error) {
    throw new BenchFailure(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}
