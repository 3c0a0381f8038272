// @ts-check
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../setup/command.mjs';
import { step } from '../../setup/step.mjs';
import { makeFolder } from '../cache-folder.mjs';
import { Unavailable } from '../setup-failure.mjs';

const FETCH = fileURLToPath(new URL('./fetch-binary.mjs', import.meta.url));
/** Refusals come within milliseconds; a connection that hangs is given up when this long not one byte has arrived. */
const STALLED_AFTER_MS = 6_000;
const WATCH_MS = 500;
/** redis-memory-server compiles Redis once its source is there, and writes nothing that could be watched. */
const LIMIT_MS = 10 * 60_000;

/**
 * A binary fetched by mongodb-memory-server or redis-memory-server. Only the fetching is theirs: the process is started
 * like every other one, because theirs would end together with the script that started it.
 * @param {{ kind: 'mongod' | 'redis-server', packageName: string }} options
 * @returns {import('../choose.mjs').Candidate<{ binary: string }>}
 */
export function memoryServer({ kind, packageName }) {
  return {
    name: packageName,
    findReady: async () => {
      const binary = remembered(kind);
      if (binary === null) throw new Unavailable('nothing downloaded yet');
      return { binary };
    },
    prepare: (log) =>
      step(log, `${packageName}: download ${kind}`, async (progress) => {
        const binary = await fetchBinary(kind, progress);
        writeFileSync(memory(kind), binary);
        return { binary };
      }).catch((error) => {
        throw error instanceof Unavailable ? error : new Unavailable(String(error.message));
      }),
  };
}

/** @param {string} kind the file is written after the download and so marks it as complete */
const memory = (kind) => join(makeFolder('binaries'), `${kind}.path`);

/** @param {string} kind */
function remembered(kind) {
  if (!existsSync(memory(kind))) return null;
  const binary = readFileSync(memory(kind), 'utf8');
  return existsSync(binary) ? binary : null;
}

/** @param {string} kind @param {(text: string) => void} progress */
async function fetchBinary(kind, progress) {
  const folder = makeFolder('binaries', kind);
  const startedAt = performance.now();
  const abort = new AbortController();
  const watch = setInterval(() => {
    const bytes = sizeOf(folder);
    if (bytes > 0) progress(`${(bytes / 1e6).toFixed(0)} MB`);
    else if (performance.now() - startedAt > STALLED_AFTER_MS) abort.abort();
  }, WATCH_MS);
  try {
    return await runFetch([FETCH, kind, folder], abort.signal);
  } finally {
    clearInterval(watch);
  }
}

/** @param {string[]} args @param {AbortSignal} signal @returns {Promise<string>} */
async function runFetch(args, signal) {
  const { lines } = await runCommand(process.execPath, args, { timeoutMs: LIMIT_MS, signal });
  if (signal.aborted) throw new Unavailable(`the download did not begin within ${STALLED_AFTER_MS / 1000} s`);
  const answer = lines.map(parseAnswer).find((found) => found !== null);
  if (answer?.path !== undefined) return answer.path;
  throw new Unavailable(answer?.fault ?? 'gave no answer');
}

/** @param {string} line @returns {{ path?: string, fault?: string } | null} */
function parseAnswer(line) {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** @param {string} folder */
function sizeOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce(
    (sum, file) => sum + (statSync(join(file.parentPath, file.name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
