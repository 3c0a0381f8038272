// @ts-check
import { findOnPath } from '../setup/command.mjs';
import { aptCandidate } from './apt.mjs';
import { logFile, removeFolder, runFolder } from './cache-folder.mjs';
import { memoryServer } from './memory-server/memory-server.mjs';
import { pingRedis, waitUntilAnswers } from './ping.mjs';
import { freePort } from './ports.mjs';
import { spawnService, stopService } from './processes.mjs';
import { Unavailable } from './setup-failure.mjs';

const START_TIMEOUT_MS = 15_000;

/** @type {import('./embedded-service.mjs').EmbeddedService} */
export const redis = {
  key: 'redis',
  title: 'Redis',
  candidates: [
    { name: 'REDIS_URL', findReady: async () => Promise.reject(new Unavailable('not set')) },
    { name: 'redis-server on PATH', findReady: redisServerOnPath },
    aptCandidate({ packages: ['redis-server'], find: redisServerOnPath }),
    memoryServer({ kind: 'redis-server', packageName: 'redis-memory-server' }),
  ],
  remedies: [
    'set REDIS_URL=redis://… to a Redis 6.2 or newer that you have (with maxmemory-policy noeviction)',
    'install Redis so that redis-server is on PATH',
    'docker run -d -p 127.0.0.1:6379:6379 redis:7, then set REDIS_URL=redis://127.0.0.1:6379',
    'on Debian run this as root: it installs redis-server',
  ],
  start: async ({ binary, previous, onSpawn }) => {
    const port = await freePort(previous?.processes[0]?.port);
    const server = await spawnService({
      name: 'redis-server',
      command: binary,
      args: redisArguments({ port, folder: runFolder('redis') }),
      port,
      log: logFile('redis'),
    });
    onSpawn(server);
    await waitUntilAnswers(server, () => pingRedis(port), START_TIMEOUT_MS);
    return `redis://127.0.0.1:${port}`;
  },
  stop: async (record) => {
    for (const process of record.processes) await stopService(process);
  },
  discardData: () => removeFolder(runFolder('redis')),
  discardInstallation: async () => false,
  ping: (record) => pingRedis(record.processes[0]?.port ?? 0),
};

/**
 * Nothing is kept on disk, and a full memory answers with errors instead of dropping queued jobs.
 * @param {{ port: number, folder: string }} options
 */
export function redisArguments({ port, folder }) {
  const network = ['--bind', '127.0.0.1', '--port', String(port)];
  const storage = ['--appendonly', 'no', '--save', '', '--dir', folder];
  return [...network, ...storage, '--maxmemory-policy', 'noeviction', '--daemonize', 'no'];
}

async function redisServerOnPath() {
  const binary = findOnPath('redis-server');
  if (binary === null) throw new Unavailable('not found');
  return { binary };
}
