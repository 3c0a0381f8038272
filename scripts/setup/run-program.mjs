// @ts-check
import { SetupFailure } from '../services/setup-failure.mjs';
import { servicesUp } from '../services/index.mjs';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { assertNodeVersion } from './node-version.mjs';
import { runToItsEnd } from './run-to-its-end.mjs';
import { onSignals } from './signals.mjs';
import { createLog } from './step.mjs';

/** As shells report a program that SIGINT ended. */
const INTERRUPTED = 130;

/** As the server runs in production; docs/operations.md says why. Processes that the program forks inherit them. */
const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=64'];

/** @typedef {{ mongodbUri: string, redisUrl: string, seconds: Record<string, number> }} SetUp */

/**
 * Installs, builds and brings the services up, does the work, and stops the services if this started them.
 * Sets `process.exitCode`; a failed set-up is told without a stack.
 * @param {{ log: import('./step.mjs').Log, build?: boolean }} options
 * @param {(setUp: SetUp) => Promise<number>} work returns the exit code
 */
export async function withSetUp({ log, build = true }, work) {
  assertNodeVersion();
  /** @type {Record<string, number>} */
  const seconds = {};
  const startedAt = performance.now();
  /** @type {Awaited<ReturnType<typeof servicesUp>> | undefined} */
  let services;
  const stopWatching = onSignals(() => {
    console.error('\nInterrupted while setting up; what was downloaded or built so far is used or replaced next time.');
    void Promise.resolve(services?.release()).finally(() => process.exit(INTERRUPTED));
  });
  try {
    await timed(seconds, 'install', () => ensureInstalled({ log }));
    const up = timed(seconds, 'services', () => servicesUp({ log })).then((result) => (services = result));
    const built = build ? timed(seconds, 'build', () => ensureBuilt({ log })) : Promise.resolve();
    const failed = (await Promise.allSettled([up, built])).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    seconds['total'] = rounded(performance.now() - startedAt);
    const { mongodbUri, redisUrl } = await up;
    stopWatching();
    process.exitCode = await work({ mongodbUri, redisUrl, seconds });
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  } finally {
    stopWatching();
    const stopIgnoring = onSignals(() => undefined); // an impatient second Ctrl-C must not leave services behind
    await services?.release();
    stopIgnoring();
  }
}

/**
 * Sets up, then runs one compiled program to its end; its exit code becomes ours.
 * @param {{ entry: string, args: string[] }} program entry: relative to the project
 */
export async function runProgram({ entry, args }) {
  const log = createLog({ json: args.includes('--json') });
  await withSetUp({ log }, async ({ mongodbUri, redisUrl, seconds }) => {
    const env = { ...process.env, MONGODB_URI: mongodbUri, REDIS_URL: redisUrl };
    return runToItsEnd(process.execPath, [...NODE_FLAGS, entry, ...args], {
      ...env,
      WAYBILL_SETUP_SECONDS: JSON.stringify(seconds),
    });
  });
}

/**
 * @template T
 * @param {Record<string, number>} seconds @param {string} name @param {() => Promise<T>} run
 */
async function timed(seconds, name, run) {
  const startedAt = performance.now();
  try {
    return await run();
  } finally {
    seconds[name] = rounded(performance.now() - startedAt);
  }
}

/** @param {number} ms */
const rounded = (ms) => Math.round(ms / 10) / 100;
