// @ts-check
import { runCommand } from '../setup/command.mjs';
import { PROJECT } from '../setup/project.mjs';
import { secondsSince } from '../setup/step.mjs';

const CHECKS = ['check:types', 'check:lint', 'check:format', 'check:unused', 'check:layers'];

/** A failure is told by its name, and on further lines by what was wrong. @typedef {{ name: string, passed: number, failures: string[], skipped: number }} Outcome */

/**
 * Runs every check, also after one has failed, and shows what the failing ones say.
 * @param {import('../setup/step.mjs').Log} log
 * @returns {Promise<Outcome[]>}
 */
export async function runChecks(log) {
  /** @type {Outcome[]} */
  const outcomes = [];
  for (const name of CHECKS) {
    const startedAt = performance.now();
    const { code, lines } = await runCommand('npm', ['run', '--silent', name], { cwd: PROJECT });
    const seconds = secondsSince(startedAt).toFixed(1);
    log(`▸ ${name} … ${code === 0 ? 'passed' : 'FAILED'} in ${seconds} s`);
    if (code !== 0) for (const line of lines) log(`  ${line}`);
    const failures = code === 0 ? [] : [[name, ...lines].join('\n')];
    outcomes.push({ name, passed: 1 - failures.length, failures, skipped: 0 });
  }
  return outcomes;
}
