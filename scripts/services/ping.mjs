// @ts-check
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../setup/system-error.mjs';
import { isAlive, logTail } from './processes.mjs';

const PING_TIMEOUT_MS = 2_000;
const OP_MSG = 2013;

/** A null answer means: it works. Anything else says what is wrong.
 * @typedef {string | null} Fault */

/** @param {number} port @param {string} [host] @returns {Promise<Fault>} */
export function pingRedis(port, host = '127.0.0.1') {
  // A server that wants a password answers -NOAUTH: it is there, the client will authenticate.
  return exchange({ host, port, request: Buffer.from('PING\r\n') }, (reply) => {
    if (!reply.includes('\r\n')) return undefined;
    return /^(\+PONG|-NOAUTH|-NOPERM)/.test(reply.toString('latin1')) ? null : `answered ${reply.toString('latin1')}`;
  });
}

/** @param {number} port @param {string} [host] @returns {Promise<Fault>} */
export function pingMongodb(port, host = '127.0.0.1') {
  return exchange({ host, port, request: helloMessage() }, (reply) => {
    if (reply.length < 16 || reply.length < reply.readInt32LE(0)) return undefined;
    const ok = Buffer.from([0x01, 0x6f, 0x6b, 0x00, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]); // the BSON element ok: 1.0
    return reply.readInt32LE(12) === OP_MSG && reply.includes(ok) ? null : 'answered hello, but not with ok: 1';
  });
}

/** @param {number} port @param {string} host @returns {Promise<Fault>} */
export function pingTcp(port, host) {
  return exchange({ host, port, request: null }, () => null);
}

/**
 * Waits until a service answers; fails at once, with its log, when its process ends before that.
 * @param {import('./processes.mjs').ServiceProcess} service
 * @param {() => Promise<Fault>} ping
 * @param {number} timeoutMs
 */
export async function waitUntilAnswers(service, ping, timeoutMs) {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const fault = await ping();
    if (fault === null) return;
    const gone = !isAlive(service);
    if (gone || performance.now() > until) {
      const what = gone ? 'ended while it was starting' : `did not answer within ${timeoutMs / 1000} s (${fault})`;
      throw new Error(`${service.name} ${what}; its log ends with\n    ${logTail(service.log)}`);
    }
    await delay(30);
  }
}

/** An OP_MSG with one body section that holds { hello: 1, $db: 'admin' }. */
function helloMessage() {
  const hello = Buffer.concat([Buffer.from('\x10hello\0', 'latin1'), int32(1)]);
  const db = Buffer.concat([Buffer.from('\x02$db\0', 'latin1'), int32(6), Buffer.from('admin\0', 'latin1')]);
  const elements = Buffer.concat([hello, db, Buffer.from([0])]);
  const body = Buffer.concat([int32(elements.length + 4), elements]);
  const payload = Buffer.concat([int32(0), Buffer.from([0]), body]);
  return Buffer.concat([int32(payload.length + 16), int32(1), int32(0), int32(OP_MSG), payload]);
}

/** @param {number} value */
function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/**
 * @param {{ host: string, port: number, request: Buffer | null }} target
 * @param {(reply: Buffer) => Fault | undefined} judge undefined: the reply is not complete yet
 * @returns {Promise<Fault>}
 */
function exchange({ host, port, request }, judge) {
  return new Promise((resolve) => {
    let reply = Buffer.alloc(0);
    const socket = connect({ host, port });
    const end = (/** @type {Fault} */ fault) => {
      socket.destroy();
      resolve(fault);
    };
    socket.setTimeout(PING_TIMEOUT_MS, () => end(`no answer within ${PING_TIMEOUT_MS / 1000} s`));
    socket.on('error', (error) => end(error.message || codeOf(error) || 'error'));
    socket.on('close', () => end('closed the connection'));
    socket.on('connect', () => (request === null ? end(null) : socket.write(request)));
    socket.on('data', (chunk) => {
      reply = Buffer.concat([reply, chunk]);
      const verdict = judge(reply);
      if (verdict !== undefined) end(verdict);
    });
  });
}
