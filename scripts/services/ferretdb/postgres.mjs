// @ts-check
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, runCommand } from '../../setup/command.mjs';
import { logFile } from '../cache-folder.mjs';
import { waitUntilAnswers } from '../ping.mjs';
import { freePort } from '../ports.mjs';
import { spawnService, stopService } from '../processes.mjs';

const BIN = '/usr/lib/postgresql/18/bin';
const HOME = '/var/lib/waybill';
const TEMPLATE = `${HOME}/template`;
const DATA = `${HOME}/data`;
const START_TIMEOUT_MS = 60_000;
const AS_POSTGRES = ['--userspec=postgres:postgres'];

/**
 * For development and tests only: a crash of the machine loses or damages the data, which nobody wants to keep here.
 * What it buys is a commit that does not wait for the disk.
 */
const FAST_AND_FORGETFUL = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

const SETTINGS = {
  shared_preload_libraries: 'pg_cron, pg_documentdb_core, pg_documentdb, pg_documentdb_extended_rum',
  // Indexes that are read in their order, as MongoDB reads its own: without it every sorted page sorts all that matches.
  'documentdb.alternate_index_handler_name': 'extended_rum',
  'cron.database_name': 'postgres',
  // Index builds and TTL run as cron jobs: in workers they need no name resolution and no connection of their own.
  'cron.use_background_workers': 'on',
  'cron.log_statement': 'off',
  'cron.log_run': 'off',
  max_worker_processes: '16',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Shared memory in files of the data folder: nothing has to be mounted in the chroot.
  dynamic_shared_memory_type: 'mmap',
  // FerretDB opens up to 50 connections.
  max_connections: '120',
  shared_buffers: '256MB',
  max_wal_size: '1GB',
  ...FAST_AND_FORGETFUL,
};

/**
 * With this in the environment an acknowledged write survives a kill of PostgreSQL, as a test that kills it needs;
 * it costs a fifth of the writes from many clients.
 */
const durability = () => (process.env['WAYBILL_DURABLE_COMMITS'] === '1' ? ['-c', 'synchronous_commit=on'] : []);

/**
 * An empty database with the extension in it; every start begins with a copy, which takes a fraction of a second.
 * @param {string} root
 */
export async function createTemplate(root) {
  await mustRun('chroot', [root, 'install', '-d', '-o', 'postgres', '-g', 'postgres', '-m', '700', HOME]);
  await removeInside(root, TEMPLATE);
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const initdb = [`${BIN}/initdb`, '-D', TEMPLATE, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  await mustRun('chroot', [...AS_POSTGRES, root, ...initdb, ...settings], { env: postgresEnv() });
  const postgres = await launch(root, TEMPLATE, await freePort());
  try {
    const psql = ['psql', '-h', '127.0.0.1', '-p', String(postgres.port), '-U', 'postgres', '-d', 'postgres'];
    for (const extension of ['documentdb', 'documentdb_extended_rum']) {
      const create = ['-q', '-v', 'ON_ERROR_STOP=1', '-c', `CREATE EXTENSION ${extension} CASCADE`];
      await mustRun('chroot', [root, ...psql, ...create], { env: postgresEnv() });
    }
  } finally {
    await stopService(postgres);
  }
}

/**
 * @param {{ root: string, port: number, resume: boolean, onSpawn: (postgres: import('../processes.mjs').ServiceProcess) => void }} options
 *   resume: go on with the data of a server that was killed; otherwise begin with an empty database
 */
export async function startPostgres({ root, port, resume, onSpawn }) {
  if (resume && existsSync(join(root, DATA, 'PG_VERSION'))) {
    // The one it names is known to be dead, and another process may have got its pid since.
    rmSync(join(root, DATA, 'postmaster.pid'), { force: true });
  } else {
    await discardData(root);
    await mustRun('cp', ['-a', '--reflink=auto', join(root, TEMPLATE), join(root, DATA)]);
  }
  return launch(root, DATA, port, onSpawn);
}

/** @param {string} root */
export const discardData = (root) => removeInside(root, DATA);

/**
 * @param {string} root @param {string} dataFolder @param {number} port
 * @param {(postgres: import('../processes.mjs').ServiceProcess) => void} [onSpawn]
 */
async function launch(root, dataFolder, port, onSpawn) {
  const postgres = await spawnService({
    name: 'postgres',
    command: 'chroot',
    args: [...AS_POSTGRES, root, `${BIN}/postgres`, '-D', dataFolder, '-p', String(port), ...durability()],
    env: postgresEnv(),
    port,
    log: logFile('postgres'),
    stopSignal: 'SIGINT', // PostgreSQL's "fast" shutdown; SIGTERM would wait for its clients
  });
  onSpawn?.(postgres);
  await waitUntilAnswers(postgres, () => pgIsReady(root, port), START_TIMEOUT_MS);
  return postgres;
}

/** @param {string} root @param {number} port */
async function pgIsReady(root, port) {
  const args = [root, `${BIN}/pg_isready`, '-q', '-h', '127.0.0.1', '-p', String(port), '-t', '2'];
  const { code } = await runCommand('chroot', args, { env: postgresEnv() });
  return code === 0 ? null : 'not accepting connections yet';
}

/** @param {string} root @param {string} path */
const removeInside = (root, path) => mustRun('rm', ['-rf', join(root, path)]);

/** The caller's environment may name another PostgreSQL (PGHOST, PGDATA, PGOPTIONS). */
const postgresEnv = () => ({ PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' });
