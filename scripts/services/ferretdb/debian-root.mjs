// @ts-check
import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findOnPath, mustRun } from '../../setup/command.mjs';
import { step } from '../../setup/step.mjs';
import { aptInstall } from '../apt.mjs';
import { cacheFolder, removeFolder } from '../cache-folder.mjs';
import { signalPid } from '../processes.mjs';
import { createTemplate } from './postgres.mjs';

/** Part of the marker: raise it when anything below changes, and existing caches are built again. */
const RECIPE = '2';
const PACKAGE = 'postgresql-18-documentdb';
const LEAVE_TIMEOUT_MS = 5_000;

const folder = () => join(cacheFolder(), 'documentdb');
const marker = () => join(folder(), 'complete');

/** A small Debian of its own, with PostgreSQL and the DocumentDB extension. */
export const debianRoot = () => join(folder(), 'root');

export function debianRootIsComplete() {
  return existsSync(marker()) && readFileSync(marker(), 'utf8').trim() === RECIPE;
}

/** @param {import('../../setup/step.mjs').Log} log */
export async function buildDebianRoot(log) {
  if (debianRootIsComplete()) return;
  await discardDebianRoot(log);
  await aptInstall({ packages: ['debootstrap'], log });
  await step(log, 'debootstrap a Debian for PostgreSQL', (onLine) => mustRun('unshare', debootstrap(), { onLine }));
  await step(log, `install ${PACKAGE} in it`, (onLine) =>
    mustRun('unshare', withProc(['apt-get', 'install', '-y', '--no-install-recommends', PACKAGE]), {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LANG: 'C.UTF-8' },
      onLine,
    }),
  );
  await mustRun('chroot', [debianRoot(), 'apt-get', 'clean']);
  await step(log, 'create the template database', () => createTemplate(debianRoot()));
  writeFileSync(marker(), `${RECIPE}\n`);
}

/** @param {import('../../setup/step.mjs').Log} log */
export async function discardDebianRoot(log) {
  if (!existsSync(folder())) return;
  await step(log, 'remove the half-built or outdated PostgreSQL', async () => {
    await endProcessesInside();
    await removeFolder(folder());
  });
}

/**
 * Waits for processes that run inside our Debian to leave, and ends those that don't: when PostgreSQL's first process
 * was killed, its children hold on to the data folder for a moment.
 */
export async function endProcessesInside() {
  const until = performance.now() + LEAVE_TIMEOUT_MS;
  for (let inside = processesInside(); inside.length > 0; inside = processesInside()) {
    if (performance.now() > until) for (const pid of inside) signalPid(pid, 'SIGKILL');
    await delay(50);
  }
}

function processesInside() {
  const root = debianRoot();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/root`) === root;
      } catch {
        return false; // ended in the meantime
      }
    });
}

function debootstrap() {
  const mirror = process.env['WAYBILL_DEBIAN_MIRROR'];
  const debootstrapPath = findOnPath('debootstrap') ?? '/usr/sbin/debootstrap';
  return inOwnMounts([debootstrapPath, '--variant=minbase', 'sid', debianRoot(), ...(mirror ? [mirror] : [])]);
}

/**
 * postgresql-common's install script fails without /proc.
 * @param {string[]} command run inside of our Debian
 */
function withProc(command) {
  const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
  return inOwnMounts(['sh', '-c', script, debianRoot(), ...command]);
}

/**
 * In a mount namespace of its own what a command mounts is gone when it ends, however it ends: the folder can always
 * be removed safely.
 * @param {string[]} command
 */
const inOwnMounts = (command) => ['--mount', '--propagation', 'private', ...command];
