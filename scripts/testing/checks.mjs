// @ts-check
import { runCommand } from '../setup/command.mjs';
import { PROJECT } from '../setup/project.mjs';
import { secondsSince } from '../setup/step.mjs';

const CHECKS = ['check:types', 'check:lint', 'check:format', 'check:unused', 'check:layers'];

/** @typedef {{ name: string, passed: number, failed: number, skipped: number }} Outcome */

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
    outcomes.push({ name, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 });
  }
  return outcomes;
}
