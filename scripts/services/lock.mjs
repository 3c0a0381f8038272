// @ts-check
import { linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../setup/system-error.mjs';
import { isAlive, thisProcess } from './processes.mjs';

const POLL_MS = 200;
const REMIND_MS = 10_000;
/** Removing a stale lock takes microseconds; a recovery that is older than this belongs to a process that died in it. */
const RECOVERY_STALE_MS = 10_000;

/**
 * Runs `work` while no other process runs under the same lock file. The lock of a process that died is recovered.
 * @template T
 * @param {{ file: string, what: string, log: import('../setup/step.mjs').Log }} lock
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock({ file, what, log }, work) {
  let remindAt = 0;
  while (!tryAcquire(file)) {
    const holder = readHolder(file);
    if (holder !== null && !isAlive(holder)) {
      recover(file);
      continue;
    }
    if (holder !== null && performance.now() > remindAt) {
      log(`  waiting for ${what} by process ${holder.pid} to finish (${file})`);
      remindAt = performance.now() + REMIND_MS;
    }
    await delay(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file */
function tryAcquire(file) {
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, JSON.stringify(thisProcess()));
  try {
    linkSync(draft, file); // atomic, and the lock is never seen without its content
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes a stale lock. Only one process at a time may do so, and it looks again before it removes: otherwise the
 * second of two would remove the lock that the first has just taken.
 * @param {string} file
 */
function recover(file) {
  const guard = `${file}.recovery`;
  try {
    mkdirSync(guard);
  } catch {
    if (ageMs(guard) > RECOVERY_STALE_MS) rmSync(guard, { recursive: true, force: true });
    return;
  }
  try {
    const holder = readHolder(file);
    if (holder !== null && !isAlive(holder)) rmSync(file, { force: true });
  } finally {
    rmdirSync(guard);
  }
}

/** @param {string} file @returns {import('./processes.mjs').ProcessRef | null} null when the lock is free by now */
function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return { name: 'unreadable', pid: 0, stamp: '' };
    return null;
  }
}

/** @param {string} path */
function ageMs(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
