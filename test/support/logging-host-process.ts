import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { compiledProgram } from './compiled-program.js';
import { eventually } from './eventually.js';
import type { LoggingHostLoad, LoggingHostRound } from './programs/logging-host.js';

export type LoggingHostProcess = Awaited<ReturnType<typeof startLoggingHost>>;

/** A host with decorated methods as a process of its own, which calls them in rounds. Resolves once it does. */
export async function startLoggingHost(load: LoggingHostLoad) {
  const file = compiledProgram('test/support/programs/logging-host.ts');
  const child = spawn(process.execPath, [file, JSON.stringify(load)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const rounds: LoggingHostRound[] = [];
  let said = '';
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{"durable"')) rounds.push(JSON.parse(line));
      else said += `${line}\n`;
    }
  });
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await eventually(
    () => {
      if (child.exitCode !== null) throw new Error(said);
      return rounds.length;
    },
    (count) => count > 2 || (load.calls === 0 && count > 0),
    60_000,
  );
  return {
    pid: child.pid ?? 0,
    rounds,
    /** Everything it has printed but its rounds. */
    said: () => said,
    /** Calls whose logs were durable when it said so. */
    durable: () => rounds.flatMap(({ durable }) => durable),
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
