// @ts-check
import { aptInstall, assertDebianRoot } from '../services/apt.mjs';
import { choose } from '../services/choose.mjs';
import { Unavailable } from '../services/setup-failure.mjs';
import { findOnPath, runCommand } from '../setup/command.mjs';

/** What schemathesis needs. */
const OLDEST_MINOR = 11;
const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11'];

/** Debian leaves `ensurepip` out of its python3, and without it a new environment has no pip. */
const PROBE = `
import sys
if sys.version_info < (3, ${OLDEST_MINOR}): sys.exit("is " + sys.version.split()[0] + ", too old")
try: import venv, ensurepip
except ImportError: sys.exit("has no venv")
`;

/**
 * A Python that can make environments with pip in them.
 * @param {import('../setup/step.mjs').Log} log
 * @returns {Promise<string>} the path of its executable
 */
export async function findPython(log) {
  const { found } = await choose({
    service: 'Python for schemathesis',
    candidates: [
      { name: 'WAYBILL_PYTHON', findReady: pythonOfEnvironment },
      { name: `Python 3.${OLDEST_MINOR} or newer on PATH`, findReady: pythonOnPath },
      {
        name: 'apt-get install python3-venv',
        findReady: async () => Promise.reject(new Unavailable('not installed')),
        prepare: async () => {
          assertDebianRoot();
          await aptInstall({ packages: ['python3', 'python3-venv'], log });
          return pythonOnPath();
        },
      },
    ],
    remedies: [
      `set WAYBILL_PYTHON to the path of a Python 3.${OLDEST_MINOR} or newer that has the venv module`,
      `install Python 3.${OLDEST_MINOR} or newer with its venv module, so that python3 is on PATH`,
      'on Debian run this as root: it installs python3-venv',
    ],
    log,
  });
  return found;
}

async function pythonOfEnvironment() {
  const path = process.env['WAYBILL_PYTHON'] ?? '';
  if (path === '') throw new Unavailable('not set');
  const fault = await faultOf(path);
  if (fault !== null) throw new Unavailable(fault);
  return path;
}

async function pythonOnPath() {
  const faults = [];
  for (const name of NAMES) {
    const path = findOnPath(name);
    if (path === null) continue;
    const fault = await faultOf(path);
    if (fault === null) return path;
    faults.push(fault);
  }
  throw new Unavailable(faults.length === 0 ? 'not found' : faults.join(', '));
}

/** @param {string} path */
async function faultOf(path) {
  const { code, lines } = await runCommand(path, ['-c', PROBE]);
  return code === 0 ? null : `${path} ${lines.at(-1) ?? `ended with ${code}`}`;
}
