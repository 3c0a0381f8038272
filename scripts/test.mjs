// @ts-check
import { stripVTControlCharacters } from 'node:util';
import { withSetUp } from './setup/run-program.mjs';
import { createLog } from './setup/step.mjs';
import { runChecks } from './testing/checks.mjs';
import { runJest } from './testing/jest.mjs';

const USAGE = `npm test                     the checks (types, lint, format, unused, layers), then all tests
npm test -- <jest arguments> only jest, with these arguments: npm test -- -t "retries" --selectProjects unit

Sets up what is missing (dependencies, build, MongoDB, Redis) and stops the services it started.
Each check counts as one test. The last line is "N passed, N failed"; the exit code is 0 only when none failed.
The projects are unit (src), medium (test/medium, real MongoDB and Redis), browser (test/browser, a real Chromium), e2e
(test/e2e, separate processes) and chaos (test/chaos, separate processes that are killed under load; npm run chaos makes
it long).`;

/** One after the other: the e2e tests start several processes each, and two cores are soon busy. */
const ALL = [
  { name: 'unit and medium tests', args: ['--selectProjects', 'unit', 'medium', '--passWithNoTests'] },
  { name: 'browser tests', args: ['--selectProjects', 'browser', '--runInBand'] },
  { name: 'e2e tests', args: ['--selectProjects', 'e2e', '--runInBand', '--passWithNoTests'] },
  { name: 'chaos, in its short form', args: ['--selectProjects', 'chaos', '--runInBand'] },
];

/** Whoever reads only the end of a long output sees what failed, and how; its own report has the rest. */
const LINES_OF_A_FAILURE = 12;
const FRAME_OF_OTHERS = /^\s*at .*(node_modules|node:)/;

const args = process.argv.slice(2);
const log = createLog();

if (args.includes('--help') || args.includes('-h')) {
  console.log(USAGE);
} else {
  const total = { passed: 0, failed: 0 };
  await withSetUp({ log }, async ({ mongodbUri, redisUrl }) => {
    const env = { ...process.env, MONGODB_URI: mongodbUri, REDIS_URL: redisUrl };
    const outcomes = args.length === 0 ? await runChecks(log) : [];
    const runs = args.length === 0 ? ALL : [{ name: 'tests', args }];
    for (const run of runs) outcomes.push(await runJest({ ...run, env }));
    log('');
    for (const { name, passed, failures, skipped } of outcomes) {
      const failed = failures.length;
      log(
        `${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`,
      );
      for (const failure of failures) log(shortened(failure));
      total.passed += passed;
      total.failed += failed;
    }
    return total.failed === 0 ? 0 : 1;
  });
  if (process.exitCode !== 0 && total.failed === 0) total.failed = 1; // the set-up itself
  log(`${total.passed} passed, ${total.failed} failed`);
}

/** @param {string} failure */
function shortened(failure) {
  const lines = stripVTControlCharacters(failure).split('\n');
  return lines
    .filter((line) => line.trim() !== '' && !FRAME_OF_OTHERS.test(line))
    .slice(0, LINES_OF_A_FAILURE)
    .map((line) => `    ${line}`)
    .join('\n');
}
