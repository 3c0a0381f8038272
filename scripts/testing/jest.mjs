// @ts-check
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProject } from '../setup/project.mjs';
import { runToItsEnd } from '../setup/run-to-its-end.mjs';

/**
 * Runs jest, its report going to the terminal, and counts from its JSON result.
 * @param {{ name: string, args: string[], env: NodeJS.ProcessEnv }} run
 * @returns {Promise<import('./checks.mjs').Outcome>}
 */
export async function runJest({ name, args, env }) {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-jest-'));
  const result = join(folder, 'result.json');
  try {
    const jest = inProject('node_modules', 'jest', 'bin', 'jest.js');
    const code = await runToItsEnd(process.execPath, [jest, '--json', '--outputFile', result, ...args], env);
    return { name, ...countsFrom(result, code) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} file @param {number} code */
function countsFrom(file, code) {
  const counts = read(file);
  // A file that cannot even be loaded has no tests to count: it counts as one that failed.
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites;
  const skipped = counts.numPendingTests + counts.numTodoTests;
  return { passed: counts.numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

/** @param {string} file @returns {Record<'numPassedTests' | 'numFailedTests' | 'numRuntimeErrorTestSuites' | 'numPendingTests' | 'numTodoTests', number>} */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    const none = { numPassedTests: 0, numPendingTests: 0, numTodoTests: 0 };
    return { ...none, numFailedTests: 0, numRuntimeErrorTestSuites: 1 }; // jest ended before it wrote a result
  }
}
