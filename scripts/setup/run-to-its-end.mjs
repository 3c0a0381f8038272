// @ts-check
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { PROJECT } from './project.mjs';
import { onSignals } from './signals.mjs';

/** One Ctrl-C can reach us twice: from the terminal and from npm. A later one is meant. */
const SAME_SIGNAL_MS = 1_000;

/**
 * The child has a process group of its own: a Ctrl-C then reaches it exactly once, from us, and never in parallel from
 * the terminal.
 * @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit code
 */
export async function runToItsEnd(command, args, env) {
  const child = spawn(command, args, { cwd: PROJECT, stdio: 'inherit', detached: true, env });
  let lastAt = -Infinity;
  const stopForwarding = onSignals((signal) => {
    if (performance.now() - lastAt < SAME_SIGNAL_MS) return;
    lastAt = performance.now();
    child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  });
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? exitCodeOf(signal)));
    });
  } finally {
    stopForwarding();
  }
}

/** @param {NodeJS.Signals | null} signal as shells report it: 128 and the signal's number */
const exitCodeOf = (signal) => 128 + (signal === null ? 0 : constants.signals[signal]);
