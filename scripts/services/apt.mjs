// @ts-check
import { existsSync } from 'node:fs';
import { findOnPath, mustRun } from '../setup/command.mjs';
import { step } from '../setup/step.mjs';
import { Unavailable } from './setup-failure.mjs';

const APT_ENV = { DEBIAN_FRONTEND: 'noninteractive' };
/** Another apt-get on this machine may hold dpkg's lock for a while. */
const WAIT_FOR_DPKG = ['-o', 'DPkg::Lock::Timeout=120'];

/** @type {Promise<unknown>} MongoDB and Redis are set up side by side; apt-get is not made for that */
let queue = Promise.resolve();
let listsAreFresh = false;

export function assertDebianRoot() {
  if (findOnPath('apt-get') === null || !existsSync('/etc/debian_version')) {
    throw new Unavailable('this is not a Debian with apt-get');
  }
  if (process.getuid?.() !== 0) throw new Unavailable('needs root');
}

/**
 * Debian's own, as the last way to get a program.
 * @template T
 * @param {{ packages: string[], find: () => Promise<T> }} options find: what is there once they are installed
 * @returns {import('./choose.mjs').Candidate<T>}
 */
export const aptCandidate = ({ packages, find }) => ({
  name: `apt-get install ${packages.join(' ')}`,
  findReady: async () => Promise.reject(new Unavailable('not installed')),
  prepare: async (log) => {
    assertDebianRoot();
    await aptInstall({ packages, log });
    return find();
  },
});

/**
 * @param {{ packages: string[], log: import('../setup/step.mjs').Log }} options
 * @returns {Promise<void>}
 */
export function aptInstall({ packages, log }) {
  const installed = queue.then(() => installNow(packages, log));
  queue = installed.catch(() => undefined);
  return installed;
}

/** @param {string[]} packages @param {import('../setup/step.mjs').Log} log */
async function installNow(packages, log) {
  if (!listsAreFresh) {
    await step(log, 'apt-get update', (onLine) => mustRun('apt-get', ['update'], { env: aptEnv(), onLine }));
    listsAreFresh = true;
  }
  const install = [...WAIT_FOR_DPKG, 'install', '-y', '--no-install-recommends', ...packages];
  await step(log, `apt-get install ${packages.join(' ')}`, (onLine) =>
    mustRun('apt-get', install, { env: aptEnv(), onLine }),
  );
}

/** RUNLEVEL=1 keeps invoke-rc.d from starting a system-wide service beside ours where there is no systemd. */
const aptEnv = () => ({ ...process.env, ...APT_ENV, RUNLEVEL: '1' });
