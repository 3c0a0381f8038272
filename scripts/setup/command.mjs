// @ts-check
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const KEPT_LINES = 400;

/**
 * @typedef {object} CommandResult
 * @property {number} code the exit code; 128 when a signal ended it, 127 when it could not be started
 * @property {string[]} lines the last lines of stdout and stderr together
 */

/**
 * @typedef {object} CommandOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [timeoutMs]
 * @property {AbortSignal} [signal] ends the command
 * @property {(line: string) => void} [onLine]
 */

/**
 * Runs a command to its end and never throws for its exit code. Output is kept, not shown.
 * @param {string} command
 * @param {string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<CommandResult>}
 */
export function runCommand(command, args, { cwd, env, timeoutMs, signal, onLine } = {}) {
  return new Promise((resolve) => {
    /** @type {string[]} */
    const lines = [];
    const keep = (/** @type {string} */ line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine?.(line);
    };
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      ...(signal === undefined ? {} : { signal }),
      killSignal: 'SIGKILL',
    });
    const flushes = [child.stdout, child.stderr].map((stream) => eachLine(stream, keep));
    child.on('error', (error) => resolve({ code: 127, lines: [error.message] }));
    child.on('close', (code, endedBy) => {
      for (const flush of flushes) flush();
      if (endedBy !== null) keep(`ended by ${endedBy}`);
      resolve({ code: code ?? 128, lines });
    });
  });
}

/**
 * Like {@link runCommand}, and throws with the last lines of output when the command fails.
 * @param {string} command
 * @param {string[]} args
 * @param {CommandOptions} [options]
 */
export async function mustRun(command, args, options) {
  const result = await runCommand(command, args, options);
  if (result.code === 0) return result;
  const said = lastWords(result.lines);
  throw new Error(`${[command, ...args].join(' ').slice(0, 120)} ended with ${result.code}${said && `: ${said}`}`);
}

/**
 * The part of a command's output that most likely says why it failed.
 * @param {string[]} lines
 */
function lastWords(lines) {
  const spoken = lines.map((line) => line.trim()).filter((line) => line !== '');
  const faults = spoken.filter((line) => /^(E:|W: Failure|.*\b(error|fatal|cannot|refused|not found)\b)/i.test(line));
  return (faults.length > 0 ? faults.slice(-2) : spoken.slice(-2)).join(' | ').slice(0, 400);
}

/** @param {string} name @returns {string | null} the full path of an executable on PATH */
export function findOnPath(name) {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
    } catch {
      // not in this folder
    }
  }
  return null;
}

/**
 * @param {NodeJS.ReadableStream} stream
 * @param {(line: string) => void} onLine
 * @returns {() => void} hands over an unfinished last line
 */
function eachLine(stream, onLine) {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (/** @type {string} */ chunk) => {
    const parts = (rest + chunk).split(/\r?\n|\r/);
    rest = parts.pop() ?? '';
    for (const part of parts) onLine(part);
  });
  return () => {
    if (rest !== '') onLine(rest);
    rest = '';
  };
}
