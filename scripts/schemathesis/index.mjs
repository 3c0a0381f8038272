// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder, removeFolder } from '../services/cache-folder.mjs';
import { withLock } from '../services/lock.mjs';
import { SetupFailure } from '../services/setup-failure.mjs';
import { mustRun, runCommand } from '../setup/command.mjs';
import { step } from '../setup/step.mjs';
import { messageOf } from '../setup/system-error.mjs';
import { findPython } from './python.mjs';

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * schemathesis of exactly the versions in requirements.txt, in an environment of its own outside of the project.
 * @param {{ log: import('../setup/step.mjs').Log }} options
 * @returns {Promise<string>} the path of its executable
 */
export async function ensureSchemathesis({ log }) {
  const folder = makeFolder('schemathesis');
  return withLock({ file: join(folder, 'setup.lock'), what: 'the set-up of schemathesis', log }, async () => {
    const environment = join(folder, 'environment');
    const executable = join(environment, 'bin', 'schemathesis');
    const marker = join(environment, 'installed-from');
    const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
    const isCurrent = existsSync(marker) && readFileSync(marker, 'utf8') === hash;
    if (isCurrent && (await isWorking(executable))) return executable;
    const python = await findPython(log);
    await removeFolder(environment);
    await step(log, 'install schemathesis', (onLine) => install({ python, environment, onLine })).catch(explain);
    writeFileSync(marker, hash);
    return executable;
  });
}

/** The Python that an environment was made with may have gone or changed since. @param {string} executable */
const isWorking = async (executable) => (await runCommand(executable, ['--version'])).code === 0;

/** @param {{ python: string, environment: string, onLine: (line: string) => void }} options */
async function install({ python, environment, onLine }) {
  await mustRun(python, ['-m', 'venv', environment], { onLine });
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--only-binary', ':all:'];
  await mustRun(join(environment, 'bin', 'python'), [...pip, '--require-hashes', '-r', REQUIREMENTS], {
    onLine,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
}

/** @param {unknown} error @returns {never} */
function explain(error) {
  throw SetupFailure.of(
    'schemathesis',
    [{ name: 'pip install in an environment of its own', answer: messageOf(error) }],
    [
      'let pip reach a package index (PIP_INDEX_URL, HTTPS_PROXY), and run this again',
      'put the packages of scripts/schemathesis/requirements.txt into a folder and set PIP_FIND_LINKS to it',
    ],
  );
}
