// @ts-check
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntilAnswers } from './ping.mjs';
import { spawnService, stopService } from './processes.mjs';

/**
 * Told the pid at each start. Its input ends with the process that holds the other end, also where that was killed or
 * runs tests in a sandbox whose `exit` event never comes (jest): then the server goes, and its folder.
 */
const KEEPER = 'while read -r pid; do last=$pid; done; [ -z "$last" ] || kill -9 "$last"; rm -rf "$1"';

/** @typedef {{ command: string, args: string[], env?: NodeJS.ProcessEnv }} Program */

/**
 * A server for one test, which may kill it and start it again. It and its folder end with this process, at the latest.
 * @param {{ name: string, port: number, ping: () => Promise<import('./ping.mjs').Fault>, startTimeoutMs: number }} options
 */
export function privateServer({ name, port, ping, startTimeoutMs }) {
  const folder = mkdtempSync(join(tmpdir(), `waybill-${name}-`));
  // A session of its own: a Ctrl-C meant for us must not end it before the server.
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'sh', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const keeperEnded = new Promise((resolve) => keeper.once('close', resolve));
  keeper.unref();
  /** @type {import('./processes.mjs').ServiceProcess | null} */
  let running = null;

  /** Ends it and waits until it is gone; its folder stays. @param {NodeJS.Signals} signal */
  async function end(signal) {
    if (running === null) return;
    await stopService({ ...running, stopSignal: signal });
    running = null;
    keeper.stdin.write('\n');
  }

  /** Ends it and leaves nothing behind. @param {NodeJS.Signals} signal */
  async function remove(signal) {
    await end(signal);
    keeper.stdin.end();
    await keeperEnded;
  }

  /** Resolves once it answers; one that does not is removed. @param {Program} program */
  async function start({ command, args, env }) {
    try {
      running = await spawnService({ name, command, args, port, log: join(folder, 'server.log'), ...(env && { env }) });
      keeper.stdin.write(`${running.pid}\n`);
      await waitUntilAnswers(running, ping, startTimeoutMs);
    } catch (error) {
      await remove('SIGKILL');
      throw error;
    }
  }

  return { folder, start, end, remove, pid: () => running?.pid ?? 0 };
}
