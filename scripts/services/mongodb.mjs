// @ts-check
import { findOnPath } from '../setup/command.mjs';
import { logFile, removeFolder, runFolder } from './cache-folder.mjs';
import {
  FERRETDB,
  discardFerretdbData,
  discardFerretdbInstallation,
  ferretdbCandidate,
  startFerretdb,
  stopFerretdb,
} from './ferretdb/ferretdb.mjs';
import { memoryServer } from './memory-server/memory-server.mjs';
import { pingMongodb, waitUntilAnswers } from './ping.mjs';
import { freePort } from './ports.mjs';
import { spawnService, stopService } from './processes.mjs';
import { Unavailable } from './setup-failure.mjs';

const START_TIMEOUT_MS = 30_000;

/**
 * @typedef {object} StartOptions
 * @property {string} choice
 * @property {string} binary
 * @property {import('./state.mjs').ServiceRecord | undefined} previous a run that ended by itself: its ports and its
 *   data are used again
 * @property {(process: import('./processes.mjs').ServiceProcess) => void} onSpawn
 * @property {import('../setup/step.mjs').Log} log
 */

/** @type {import('./embedded-service.mjs').EmbeddedService} */
export const mongodb = {
  key: 'mongodb',
  title: 'MongoDB',
  candidates: [
    { name: 'MONGODB_URI', findReady: async () => Promise.reject(new Unavailable('not set')) },
    { name: 'mongod on PATH', findReady: mongodOnPath },
    memoryServer({ kind: 'mongod', packageName: 'mongodb-memory-server' }),
    ferretdbCandidate,
  ],
  remedies: [
    'set MONGODB_URI=mongodb://… to a MongoDB 7 or newer that you have',
    'install MongoDB so that mongod is on PATH',
    'docker run -d -p 127.0.0.1:27017:27017 mongo:8, then set MONGODB_URI=mongodb://127.0.0.1:27017/',
    'on Debian as root, with Go 1.25 or newer on PATH: run this again, it builds FerretDB over DocumentDB',
  ],
  start: async (options) => {
    const port = await (options.choice === FERRETDB ? startFerretdb(options) : startMongod(options));
    return `mongodb://127.0.0.1:${port}/`;
  },
  stop: async (record) => {
    if (record.choice === FERRETDB) return stopFerretdb(record);
    for (const process of record.processes) await stopService(process);
  },
  discardData: async (record) => {
    if (record.choice === FERRETDB) await discardFerretdbData();
    else await removeFolder(runFolder('mongod'));
  },
  discardInstallation: async (choice, log) => {
    if (choice !== FERRETDB) return false;
    await discardFerretdbInstallation(log);
    return true;
  },
  ping: (record) => pingMongodb(record.processes.at(-1)?.port ?? 0),
};

async function mongodOnPath() {
  const binary = findOnPath('mongod');
  if (binary === null) throw new Unavailable('not found');
  return { binary };
}

/** @param {StartOptions} options */
async function startMongod({ binary, previous, onSpawn }) {
  const port = await freePort(previous?.processes[0]?.port);
  if (previous === undefined) await removeFolder(runFolder('mongod'));
  const mongod = await spawnService({
    name: 'mongod',
    ...mongodProgram({ binary, port, folder: runFolder('mongod') }),
    port,
    log: logFile('mongod'),
  });
  onSpawn(mongod);
  await waitUntilAnswers(mongod, () => pingMongodb(port), START_TIMEOUT_MS);
  return port;
}

/** @param {{ binary: string, port: number, folder: string }} options */
export function mongodProgram({ binary, port, folder }) {
  const args = ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'];
  return { command: binary, args };
}
