// @ts-check
import { aptCandidate } from '../services/apt.mjs';
import { choose } from '../services/choose.mjs';
import { programOfEnvironment, programOnPath } from '../services/installed-program.mjs';
import { runCommand } from '../setup/command.mjs';

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
      { name: 'WAYBILL_PYTHON', findReady: () => programOfEnvironment('WAYBILL_PYTHON', faultOf) },
      { name: `Python 3.${OLDEST_MINOR} or newer on PATH`, findReady: pythonOnPath },
      aptCandidate({ packages: ['python3', 'python3-venv'], find: pythonOnPath }),
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

const pythonOnPath = () => programOnPath(NAMES, faultOf);

/** @param {string} path */
async function faultOf(path) {
  const { code, lines } = await runCommand(path, ['-c', PROBE]);
  return code === 0 ? null : `${path} ${lines.at(-1) ?? `ended with ${code}`}`;
}
