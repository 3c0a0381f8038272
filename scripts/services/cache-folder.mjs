// @ts-check
import { mkdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../setup/command.mjs';

/** Everything that is downloaded, built or run for the embedded services lives here, outside of the project. */
export function cacheFolder() {
  const home = process.env['HOME'] === undefined ? '' : homedir();
  const base =
    process.env['WAYBILL_CACHE_DIR'] ??
    process.env['XDG_CACHE_HOME'] ??
    (home === '' ? tmpdir() : join(home, '.cache'));
  const folder = join(base, 'waybill');
  mkdirSync(folder, { recursive: true });
  return folder;
}

export const stateFile = () => join(cacheFolder(), 'services.json');

/** @param {string} service */
export const logFile = (service) => join(makeFolder('logs'), `${service}.log`);

/** @param {string} service its working folder, thrown away by `down` */
export const runFolder = (service) => makeFolder('run', service);

/** @param {...string} parts */
export function makeFolder(...parts) {
  const folder = join(cacheFolder(), ...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Removes a folder of the cache. An interrupted installation may have left a mount in it, and deleting through a mount
 * would delete what is mounted: whatever is mounted goes first.
 * @param {string} folder
 */
export async function removeFolder(folder) {
  for (const mountPoint of mountPointsBelow(folder)) await mustRun('umount', [mountPoint]);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** @param {string} folder @returns {string[]} deepest first */
function mountPointsBelow(folder) {
  let table = '';
  try {
    table = readFileSync('/proc/self/mounts', 'utf8');
  } catch {
    return []; // no /proc: not Linux, so nothing of ours is mounted
  }
  return table
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replace(/\\040/g, ' '))
    .filter((mountPoint) => mountPoint.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length);
}
