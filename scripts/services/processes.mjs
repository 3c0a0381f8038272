// @ts-check
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../setup/system-error.mjs';

const STOP_TIMEOUT_MS = 10_000;

/**
 * A process that can be told from a later one that got the same pid.
 * @typedef {object} ProcessRef
 * @property {string} name
 * @property {number} pid
 * @property {string} stamp when it was started, as the system tells it
 */

/** @typedef {ProcessRef & { port: number, log: string, stopSignal?: NodeJS.Signals }} ServiceProcess */

/**
 * Starts a process that outlives this one: a session of its own, so that a Ctrl-C meant for us does not reach it.
 * @param {{ name: string, command: string, args: string[], port: number, log: string, env?: NodeJS.ProcessEnv,
 *   stopSignal?: NodeJS.Signals }} options
 * @returns {Promise<ServiceProcess>}
 */
export async function spawnService({ name, command, args, port, log, env, stopSignal }) {
  const output = openSync(log, 'w');
  try {
    const child = spawn(command, args, { detached: true, stdio: ['ignore', output, output], env: env ?? process.env });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const pid = child.pid ?? 0; // known: it has been spawned
    return { name, pid, stamp: stampOf(pid) ?? '', port, log, ...(stopSignal === undefined ? {} : { stopSignal }) };
  } finally {
    closeSync(output);
  }
}

/** @returns {ProcessRef} */
export function thisProcess() {
  return { name: 'node', pid: process.pid, stamp: stampOf(process.pid) ?? '' };
}

/** @param {ProcessRef} ref */
export function isAlive({ pid, stamp }) {
  return stamp !== '' && stampOf(pid) === stamp;
}

/** @param {ServiceProcess} service */
export async function stopService(service) {
  if (!isAlive(service)) return;
  signalPid(service.pid, service.stopSignal ?? 'SIGTERM');
  if (await hasEnded(service, STOP_TIMEOUT_MS)) return;
  signalPid(service.pid, 'SIGKILL');
  if (await hasEnded(service, STOP_TIMEOUT_MS)) return;
  throw new Error(`${service.name} (pid ${service.pid}) does not end, not even by SIGKILL`);
}

/** @param {ProcessRef} ref @param {number} timeoutMs */
async function hasEnded(ref, timeoutMs) {
  const until = performance.now() + timeoutMs;
  while (isAlive(ref)) {
    if (performance.now() > until) return false;
    await delay(20);
  }
  return true;
}

/** @param {number} pid @param {NodeJS.Signals} signal */
export function signalPid(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

/** @param {string} log @returns {string} the last lines of a service's log, for error messages */
export function logTail(log) {
  try {
    return readFileSync(log, 'utf8').trim().split('\n').slice(-4).join('\n    ').slice(-800);
  } catch {
    return '';
  }
}

/** @param {number} pid @returns {string | null} null when there is no such process, or only its zombie */
function stampOf(pid) {
  if (process.platform === 'linux') return linuxStamp(pid);
  try {
    const stdio = /** @type {const} */ (['ignore', 'pipe', 'ignore']);
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: [...stdio] }).trim();
  } catch {
    return null;
  }
}

/** @param {number} pid */
function linuxStamp(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before ')' may hold blanks
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
