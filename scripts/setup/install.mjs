// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupFailure } from '../services/setup-failure.mjs';
import { runCommand } from './command.mjs';
import { PROJECT } from './project.mjs';
import { step } from './step.mjs';

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, peer?: boolean, link?: boolean }} LockedPackage */

/**
 * Installs the dependencies unless exactly those of package-lock.json are there.
 * @param {{ log: import('./step.mjs').Log, project?: string }} options
 */
export async function ensureInstalled({ log, project = PROJECT }) {
  const hash = createHash('sha256')
    .update(readFileSync(join(project, 'package-lock.json')))
    .digest('hex');
  const marker = join(project, 'node_modules', '.waybill-installed');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === hash) return;
  if (!existsSync(marker) && isInstalledByHand(project)) {
    log('▸ npm ci … not needed, node_modules has what package-lock.json names');
  } else {
    await npmCi(log, project);
  }
  writeFileSync(marker, hash);
}

/** @param {import('./step.mjs').Log} log @param {string} project */
async function npmCi(log, project) {
  await step(log, 'npm ci', async (progress) => {
    const onLine = (/** @type {string} */ line) => (line.startsWith('npm warn') ? undefined : progress(line));
    // The demo and the tests need the development dependencies, whatever NODE_ENV says.
    const { code, lines } = await runCommand('npm', ['ci', '--include=dev'], { cwd: project, onLine });
    if (code === 0) return;
    for (const line of lines) log(`  ${line}`);
    throw new SetupFailure(`npm ci ended with ${code}; its output is above.`);
  });
}

/**
 * Whether `npm install` has put in place what the lock file names: npm leaves its own list in node_modules.
 * @param {string} project
 */
function isInstalledByHand(project) {
  const present = readPackages(join(project, 'node_modules', '.package-lock.json'));
  const locked = readPackages(join(project, 'package-lock.json'));
  if (present === null || locked === null) return false;
  return Object.entries(locked).every(([path, wanted]) => {
    if (path === '') return true;
    const found = present[path];
    // Optional packages of other platforms are named by the lock file and never installed.
    if (found === undefined) return wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** @param {string} file @returns {Record<string, LockedPackage> | null} */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}
