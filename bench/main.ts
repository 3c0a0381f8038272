import { cpus } from 'node:os';
import { measureEmit } from './parts/emit.part.js';
import { measureHttp } from './parts/http.part.js';
import { measureInbound } from './parts/inbound.part.js';
import { measureIsolation } from './parts/isolation.part.js';
import { measureLatency } from './parts/latency.part.js';
import { measureLog } from './parts/log.part.js';
import type { Figures, PartEnvironment, PartResult } from './parts/part.js';
import { measureSearch } from './parts/search.part.js';
import { measureWorker } from './parts/worker.part.js';
import { type BenchArguments, parseArguments, type PartName, USAGE } from './support/arguments.js';
import { BenchFailure } from './support/bench-failure.js';
import { findDatabases } from './support/cpu-meter.js';
import { exitCodeOfInterruption, listenForSignals } from './support/interruption.js';
import { tableOf } from './support/report.js';
import { ROUNDS } from './support/constants.js';
import { requireReachable, servicesFrom } from './support/sandbox.js';

const PARTS: Readonly<Record<PartName, (environment: PartEnvironment) => Promise<PartResult>>> = {
  worker: measureWorker,
  emit: measureEmit,
  http: measureHttp,
  latency: measureLatency,
  isolation: measureIsolation,
  log: measureLog,
  inbound: measureInbound,
  search: measureSearch,
};

/** What `--json` promises; a figure whose part was not run, or that could not be measured, is null. */
const PROMISED: Figures = {
  ceilingPerS: null,
  workerPerS: null,
  workerRatio: null,
  emitPerS: null,
  http1PerS: null,
  http5PerS: null,
  cpuMsPerDelivery1: null,
  cpuMsPerDelivery5: null,
  p50Ms: null,
  p99Ms: null,
  isolationP99Ratio: null,
  logAddedMsP50: null,
  logAddedMsP99: null,
  logAddedMsP50Down: null,
  logAddedMsP99Down: null,
  inboundPerS: null,
  inboundP99Ms: null,
  inboundRatio: null,
  searchP95Ms: null,
  rollupP95Ms: null,
};

async function run({ parts, json, profileInto }: BenchArguments): Promise<void> {
  const startedMs = performance.now();
  const services = servicesFrom(process.env);
  await requireReachable(services);
  const databases = findDatabases(services);
  const seconds = () => Math.round((performance.now() - startedMs) / 1_000);
  const progress = (line: string) => console.error(`[${String(seconds()).padStart(3)} s] ${line}`);
  const results: PartResult[] = [];
  for (const name of parts) results.push(await PARTS[name]({ services, databases, progress, profileInto }));

  const figures: Figures = Object.assign({ ...PROMISED }, ...results.map((result) => result.figures));
  const ceiling = figures['ceilingPerS'];
  console.log(
    `\n${ROUNDS} rounds each, on ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, Node ${process.versions.node}\n`,
  );
  console.log(tableOf(results, typeof ceiling === 'number' ? ceiling : null));
  console.log(`\n${remarksOf(results, databases.missing).join('\n')}`);
  if (json) console.log(JSON.stringify({ ...figures, seconds: seconds(), databasesNotSeen: databases.missing }));
}

const remarksOf = (results: readonly PartResult[], missing: string | null): string[] => [
  ...results.flatMap(({ remarks = [] }) => remarks),
  missing === null
    ? 'CPU-ms are those of the Waybill processes, Redis, and the database with all of its processes, whoever else uses them.'
    : `CPU-ms per delivery are not given: ${missing}.`,
];

try {
  const args = parseArguments(process.argv.slice(2));
  if (args.help) console.log(USAGE);
  else {
    listenForSignals();
    await run(args);
  }
} catch (error) {
  console.error(error instanceof BenchFailure ? `\n${error.message}` : error);
  process.exitCode = exitCodeOfInterruption() ?? 1;
}
