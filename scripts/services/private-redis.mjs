// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choose } from './choose.mjs';
import { pingRedis } from './ping.mjs';
import { freePort } from './ports.mjs';
import { redis, redisArguments } from './redis.mjs';
import { readState } from './state.mjs';

const START_TIMEOUT_MS = 15_000;

/**
 * Starts one more redis-server for a test that flushes or kills its Redis. It ends with this process, at the latest.
 * @param {{ log?: import('../setup/step.mjs').Log, port?: number, args?: string[] }} [options] port: to bring one back
 *   where it was; args: further arguments of redis-server
 */
export async function startRedis({ log = () => undefined, port: wanted, args = [] } = {}) {
  const binary = await redisBinary(log);
  const port = wanted ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'waybill-redis-'));
  const child = spawn(binary, [...redisArguments({ port, folder }), ...args], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const stop = async (/** @type {NodeJS.Signals} */ signal = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
    process.off('exit', endWithUs);
    rmSync(folder, { recursive: true, force: true });
  };
  await once(child, 'spawn');
  child.unref();
  await untilItAnswers(port, child, stop);
  return { url: `redis://127.0.0.1:${port}`, port, pid: child.pid ?? 0, stop };
}

/** The one that runs already tells which binary was found or built. @param {import('../setup/step.mjs').Log} log */
async function redisBinary(log) {
  const recorded = readState().redis?.binary;
  if (recorded !== undefined) return recorded;
  const { title: service, candidates, remedies } = redis;
  return (await choose({ service, candidates, remedies, log })).found.binary;
}

/**
 * @param {number} port
 * @param {import('node:child_process').ChildProcess} child
 * @param {(signal: NodeJS.Signals) => Promise<void>} stop
 */
async function untilItAnswers(port, child, stop) {
  const until = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const fault = await pingRedis(port);
    const gone = child.exitCode !== null || child.signalCode !== null;
    if (fault === null && !gone) return;
    if (gone || performance.now() > until) {
      await stop('SIGKILL');
      throw new Error(
        `redis-server on port ${port} ${gone ? 'ended while it was starting' : `does not answer: ${fault}`}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
