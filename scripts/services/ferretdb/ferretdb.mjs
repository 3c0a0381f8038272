// @ts-check
import { logFile, removeFolder, runFolder } from '../cache-folder.mjs';
import { assertDebianRoot } from '../apt.mjs';
import { pingMongodb, waitUntilAnswers } from '../ping.mjs';
import { freePort } from '../ports.mjs';
import { spawnService, stopService } from '../processes.mjs';
import { Unavailable } from '../setup-failure.mjs';
import {
  buildDebianRoot,
  debianRoot,
  debianRootIsComplete,
  discardDebianRoot,
  endProcessesInside,
} from './debian-root.mjs';
import { assertGo, buildFerretdb, ferretdbBinary, ferretdbIsBuilt } from './ferretdb-binary.mjs';
import { discardData, startPostgres } from './postgres.mjs';

const START_TIMEOUT_MS = 30_000;
export const FERRETDB = 'FerretDB over DocumentDB';

/** @type {import('../choose.mjs').Candidate<{ binary: string }>} */
export const ferretdbCandidate = {
  name: FERRETDB,
  findReady: async () => {
    if (process.getuid?.() !== 0) throw new Unavailable('needs root on Debian');
    if (!debianRootIsComplete() || !ferretdbIsBuilt()) throw new Unavailable('not built yet');
    return { binary: ferretdbBinary() };
  },
  prepare: async (log) => {
    assertDebianRoot();
    if (!ferretdbIsBuilt()) await assertGo();
    // Both run to their end: a failure of one must not leave the other running behind the caller's back.
    const results = await Promise.allSettled([buildDebianRoot(log), buildFerretdb(log)]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return { binary: ferretdbBinary() };
  },
};

/**
 * @param {import('../mongodb.mjs').StartOptions} options
 * @returns {Promise<number>} the port
 */
export async function startFerretdb({ binary, previous, onSpawn, log }) {
  const root = debianRoot();
  const portOf = (/** @type {string} */ name) => previous?.processes.find((process) => process.name === name)?.port;
  const [postgresPort, port] = [await freePort(portOf('postgres')), await freePort(portOf('ferretdb'))];
  await endProcessesInside();
  const start = (/** @type {boolean} */ resume) => startPostgres({ root, port: postgresPort, resume, onSpawn });
  if (previous === undefined) await start(false);
  else {
    await start(true).catch(async (error) => {
      log(`  the data of the last run is damaged, beginning with an empty database (${error.message.split('\n')[0]})`);
      await endProcessesInside();
      await start(false);
    });
  }
  const ferretdb = await spawnService({
    name: 'ferretdb',
    ...ferretdbProgram({ binary, port, folder: runFolder('ferretdb'), postgresPort }),
    port,
    log: logFile('ferretdb'),
  });
  onSpawn(ferretdb);
  await waitUntilAnswers(ferretdb, () => pingMongodb(port), START_TIMEOUT_MS);
  return port;
}

/**
 * @param {{ binary: string, port: number, folder: string, postgresPort: number, maxConnections?: number }} options
 *   maxConnections: to PostgreSQL
 */
export function ferretdbProgram({ binary, port, folder, postgresPort, maxConnections }) {
  const pool = maxConnections === undefined ? '' : `?pool_max_conns=${maxConnections}`;
  const args = [
    `--postgresql-url=postgres://postgres@127.0.0.1:${postgresPort}/postgres${pool}`,
    `--listen-addr=127.0.0.1:${port}`,
    `--state-dir=${folder}`,
    '--no-auth',
    '--telemetry=disable',
    '--debug-addr=-',
    '--log-level=WARN',
  ];
  return { command: binary, args, env: withoutFerretdbSettings(process.env) };
}

/** @param {import('../state.mjs').ServiceRecord} record */
export async function stopFerretdb(record) {
  for (const process of record.processes.toReversed()) await stopService(process);
  await endProcessesInside();
}

export const discardFerretdbData = () => discardData(debianRoot());

/** @param {import('../../setup/step.mjs').Log} log */
export async function discardFerretdbInstallation(log) {
  await discardDebianRoot(log);
  await removeFolder(ferretdbBinary());
}

/** @param {NodeJS.ProcessEnv} env */
function withoutFerretdbSettings(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('FERRETDB_')));
}
