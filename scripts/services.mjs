// @ts-check
import { SetupFailure, servicesDown, servicesStatus, servicesUp } from './services/index.mjs';
import { createLog, secondsSince } from './setup/step.mjs';

const USAGE = `npm run services -- up      start MongoDB and Redis for development, or find them running
npm run services -- status  what runs, where; exit code 1 unless both answer
npm run services -- down    stop what "up" started, and throw its data away
Add --json to get the answer as JSON on stdout.
MONGODB_URI and REDIS_URL name servers of your own, which are then used and never stopped.
WAYBILL_CACHE_DIR moves the cache (default: XDG_CACHE_HOME or ~/.cache).`;

const args = process.argv.slice(2);
const json = args.includes('--json');
const log = createLog({ json });
const commands = new Map([
  ['up', up],
  ['status', status],
  ['down', down],
]);

const [name = 'help', ...unknown] = args.filter((arg) => arg !== '--json');
const run = commands.get(name);
if (run === undefined || unknown.length > 0) {
  console.error(USAGE);
  process.exit(['help', '--help', '-h'].includes(name) ? 0 : 1);
}

try {
  await run();
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

async function up() {
  const startedAt = performance.now();
  const { mongodbUri, redisUrl, started } = await servicesUp({ log, keep: true });
  const { stateFile } = await servicesStatus();
  if (json) console.log(JSON.stringify({ mongodbUri, redisUrl, started, stateFile }));
  log(`▸ services up in ${secondsSince(startedAt).toFixed(1)} s, recorded in ${stateFile}`);
  log(`export MONGODB_URI='${mongodbUri}' REDIS_URL='${redisUrl}'`);
}

async function status() {
  const report = await servicesStatus();
  if (json) console.log(JSON.stringify(report));
  for (const { name: service, choice, uri, fault, processes } of report.services) {
    log(`${service}: ${fault === null ? `up at ${uri} (${choice})` : `down: ${fault}`}`);
    for (const process of processes)
      log(`  ${process.name} pid ${process.pid} port ${process.port} log ${process.log}`);
  }
  const users = report.users.length === 0 ? '' : `, used by process ${report.users.join(', ')}`;
  log(`state ${report.stateFile}${report.kept ? ', kept until "down"' : ''}${users}`);
  process.exitCode = report.services.every(({ fault }) => fault === null) ? 0 : 1;
}

async function down() {
  const startedAt = performance.now();
  await servicesDown({ log });
  log(`▸ services down in ${secondsSince(startedAt).toFixed(1)} s`);
}
