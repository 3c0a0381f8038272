// @ts-check

const HEARTBEAT_MS = 5_000;

/** @typedef {(line: string) => void} Log */

/**
 * Where the lines of a set-up go: stdout, or stderr when stdout must stay parseable (`--json`).
 * @param {{ json?: boolean }} [options]
 * @returns {Log}
 */
export function createLog({ json = false } = {}) {
  const stream = json ? process.stderr : process.stdout;
  stream.on('error', () => undefined); // whoever reads it may have read enough (| head)
  return (line) => void stream.write(`${line}\n`);
}

/** @param {number} sinceMs a `performance.now()` */
export function secondsSince(sinceMs) {
  return Math.round((performance.now() - sinceMs) / 100) / 10;
}

/**
 * Runs one step and prints one line when it ends. A long step also prints a line every few seconds with its latest
 * progress: plain lines, because steps run side by side and the output may be a file.
 * @template T
 * @param {Log} log
 * @param {string} name
 * @param {(progress: (text: string) => void) => Promise<T>} run
 * @returns {Promise<T>}
 */
export async function step(log, name, run) {
  const startedAt = performance.now();
  let latest = '';
  const heartbeat = setInterval(() => {
    const detail = latest === '' ? '' : `: ${latest.slice(0, 90)}`;
    log(`  ${name} … ${secondsSince(startedAt).toFixed(0)} s${detail}`);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    const result = await run((text) => {
      latest = text.trim() === '' ? latest : text.trim();
    });
    log(`▸ ${name} … done in ${secondsSince(startedAt).toFixed(1)} s`);
    return result;
  } catch (error) {
    log(`▸ ${name} … failed after ${secondsSince(startedAt).toFixed(1)} s`);
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}
