// @ts-check
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { inProject, PROJECT } from '../setup/project.mjs';
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

/**
 * @typedef {{ status: string, fullName: string, failureMessages: string[] }} Assertion
 * @typedef {{ name: string, status: string, message: string, assertionResults: Assertion[] }} FileResult
 * @typedef {{ numPassedTests: number, numPendingTests: number, numTodoTests: number, testResults: FileResult[] }} Result
 */

/** @param {string} file @param {number} code */
function countsFrom(file, code) {
  const { numPassedTests, numPendingTests, numTodoTests, testResults } = read(file);
  const failures = testResults.flatMap(failuresOf);
  if (code !== 0 && failures.length === 0) failures.push(`jest ended with code ${code}`);
  return { passed: numPassedTests, failures, skipped: numPendingTests + numTodoTests };
}

/** @param {FileResult} result */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(PROJECT, name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  // A file that cannot even be loaded has no tests to count: it counts as one that failed.
  if (failed.length === 0 && status === 'failed') return [`${file}\n${message}`];
  return failed.map(({ fullName, failureMessages }) => `${file} › ${fullName}\n${failureMessages.join('\n')}`);
}

/** @param {string} file @returns {Result} */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { numPassedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }; // jest ended before it wrote it
  }
}
