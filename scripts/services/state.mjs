// @ts-check
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { stateFile } from './cache-folder.mjs';

const VERSION = 1;

/**
 * One embedded service. `ready` turns true once it has answered: what is found here not ready is a start that was
 * interrupted, and its processes are ended before the next start.
 * @typedef {object} ServiceRecord
 * @property {string} choice
 * @property {string} uri
 * @property {string} binary
 * @property {boolean} ready
 * @property {import('./processes.mjs').ServiceProcess[]} processes in the order of their start
 */

/**
 * @typedef {object} ServicesState
 * @property {string} [mongodbUri]
 * @property {string} [redisUrl]
 * @property {number} version
 * @property {boolean} kept started by `services up`: only `services down` stops them
 * @property {import('./processes.mjs').ProcessRef[]} users processes that use services which nobody asked to keep
 * @property {ServiceRecord} [mongodb]
 * @property {ServiceRecord} [redis]
 */

/** @returns {ServicesState} */
export function readState() {
  try {
    const state = JSON.parse(readFileSync(stateFile(), 'utf8'));
    if (state.version === VERSION) return state;
  } catch {
    // none yet, or unreadable: the same as none
  }
  return { version: VERSION, kept: false, users: [] };
}

/** @param {ServicesState} state */
export function writeState({ mongodb, redis, kept, users }) {
  if (mongodb === undefined && redis === undefined) {
    rmSync(stateFile(), { force: true });
    return;
  }
  const state = {
    ...(mongodb?.ready ? { mongodbUri: mongodb.uri } : {}),
    ...(redis?.ready ? { redisUrl: redis.uri } : {}),
    version: VERSION,
    kept,
    users,
    ...(mongodb === undefined ? {} : { mongodb }),
    ...(redis === undefined ? {} : { redis }),
  };
  const draft = `${stateFile()}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(draft, stateFile());
}
