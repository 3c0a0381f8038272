// @ts-check
import { join } from 'node:path';
import { aptCandidate } from '../services/apt.mjs';
import { cacheFolder } from '../services/cache-folder.mjs';
import { choose } from '../services/choose.mjs';
import { programOfEnvironment, programOnPath } from '../services/installed-program.mjs';
import { withLock } from '../services/lock.mjs';
import { runCommand } from '../setup/command.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
/** Some names are of a script that only says where a Chromium can be had. */
const VERSION = /^(Chromium|Google Chrome)\D* \d+\./;
/** The first start on a busy machine reads hundreds of megabytes. */
const VERSION_TIMEOUT_MS = 60_000;

/**
 * A Chromium or Chrome for the browser tests: one that is there, or Debian's.
 * @param {{ log: import('../setup/step.mjs').Log }} options
 * @returns {Promise<string>} the path of its executable
 */
export async function ensureChromium({ log }) {
  const lock = { file: join(cacheFolder(), 'chromium.lock'), what: 'the set-up of Chromium', log };
  return withLock(lock, async () => {
    const { found } = await choose({
      service: 'Chromium',
      candidates: [
        { name: 'WAYBILL_CHROMIUM', findReady: () => programOfEnvironment('WAYBILL_CHROMIUM', faultOf) },
        { name: 'Chromium or Chrome on PATH', findReady: chromiumOnPath },
        aptCandidate({ packages: ['chromium'], find: chromiumOnPath }),
      ],
      remedies: [
        'set WAYBILL_CHROMIUM to the path of the executable of a Chromium or Chrome',
        `install Chromium or Chrome so that one of ${NAMES.join(', ')} is on PATH`,
        'on Debian run this as root: it installs chromium',
      ],
      log,
    });
    return found;
  });
}

const chromiumOnPath = () => programOnPath(NAMES, faultOf);

/** @param {string} path */
async function faultOf(path) {
  const { code, lines } = await runCommand(path, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  if (code === 0 && lines.some((line) => VERSION.test(line))) return null;
  return `${path} --version ended with ${code}: ${lines.at(-1) ?? 'it said nothing'}`;
}
