// @ts-check
import { choose } from './choose.mjs';
import { pingRedis } from './ping.mjs';
import { freePort } from './ports.mjs';
import { privateServer } from './private-server.mjs';
import { redis, redisArguments } from './redis.mjs';
import { readState } from './state.mjs';

const START_TIMEOUT_MS = 15_000;

/**
 * Starts one more redis-server for a test that flushes or kills its Redis. It ends with this process, at the latest.
 * @param {{ log?: import('../setup/step.mjs').Log, port?: number, args?: string[] }} [options] port: to bring one back
 *   where it was; args: further arguments of redis-server
 */
export async function startRedis({ log = () => undefined, port: wanted, args = [] } = {}) {
  const command = await redisBinary(log);
  const port = wanted ?? (await freePort());
  const ping = () => pingRedis(port);
  const server = privateServer({ name: 'redis', port, ping, startTimeoutMs: START_TIMEOUT_MS });
  await server.start({ command, args: [...redisArguments({ port, folder: server.folder }), ...args] });
  const stop = (/** @type {NodeJS.Signals} */ signal = 'SIGTERM') => server.remove(signal);
  return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid(), stop };
}

/** The one that runs already tells which binary was found or built. @param {import('../setup/step.mjs').Log} log */
async function redisBinary(log) {
  const recorded = readState().redis?.binary;
  if (recorded !== undefined) return recorded;
  const { title: service, candidates, remedies } = redis;
  return (await choose({ service, candidates, remedies, log })).found.binary;
}
