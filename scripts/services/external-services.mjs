// @ts-check
import { pingMongodb, pingRedis, pingTcp } from './ping.mjs';
import { SetupFailure } from './setup-failure.mjs';

/**
 * A service that the environment names, checked that it answers. Null when the variable is not set.
 * @param {'MONGODB_URI' | 'REDIS_URL'} variable
 * @param {import('../setup/step.mjs').Log} log
 * @returns {Promise<string | null>}
 */
export async function externalService(variable, log) {
  const uri = process.env[variable] ?? '';
  if (uri === '') return null;
  const title = variable === 'MONGODB_URI' ? 'MongoDB' : 'Redis';
  const target = firstHost(uri);
  if (target !== null) {
    const fault = await ping(target);
    if (fault !== null) {
      const answer = `${target.host}:${target.port} does not answer: ${fault}`;
      throw SetupFailure.of(
        title,
        [{ name: variable, answer }],
        [
          `start the server that ${variable} names, or correct the address`,
          `unset ${variable}: an embedded one is then set up`,
        ],
      );
    }
  }
  log(`▸ ${title}: ${variable} is set, using ${target === null ? 'it' : `${target.host}:${target.port}`}`);
  return uri;
}

/** @typedef {{ host: string, port: number, protocol: string }} Target */

/**
 * @param {string} uri may list several hosts, which URL does not parse
 * @returns {Target | null} null where the address is not a host and a port (mongodb+srv, a socket file)
 */
function firstHost(uri) {
  const match = /^(mongodb|rediss?):\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:,/?]+)(?::(\d+))?/.exec(uri);
  if (match === null || match[2]?.includes('%2F')) return null;
  const [, protocol = '', host = '', port] = match;
  return {
    protocol,
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port ?? (protocol === 'mongodb' ? 27017 : 6379)),
  };
}

/** @param {Target} target a server behind TLS can only be asked whether it accepts connections */
function ping({ protocol, host, port }) {
  if (protocol === 'redis') return pingRedis(port, host);
  return protocol === 'mongodb' && isLocal(host) ? pingMongodb(port, host) : pingTcp(port, host);
}

/** @param {string} host */
const isLocal = (host) => host === 'localhost' || host === '::1' || host.startsWith('127.');
