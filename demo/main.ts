import 'reflect-metadata';
import { once } from 'node:events';
import { type DemoOptions, parseCommandLine, USAGE, UsageError } from './cli.js';
import { InputError } from './input/input.error.js';
import { loadCases } from './input/load-cases.js';
import { type Demo, startDemo } from './run/demo.js';
import { servicesOf, ServicesError } from './run/demo-services.js';
import { setupSecondsOf } from './run/setup-seconds.js';
import { Narrator } from './story/narrator.js';
import { brokenOff, type StoryResult } from './story/result.js';
import { Stopwatch } from './story/stopwatch.js';
import { tellStory } from './story/story.js';

/** As shells report a program that SIGINT ended: the story did not come to its end. */
const INTERRUPTED = 130;

/** Ctrl-C, or whoever stops the process: from then on everything is taken down in order. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  return stopping.signal;
}

/** @returns the exit code */
async function run(options: DemoOptions, signal: AbortSignal): Promise<number> {
  const narrator = new Narrator(options.json ? process.stderr : process.stdout);
  const stopwatch = new Stopwatch(setupSecondsOf(process.env));
  const services = servicesOf(process.env);
  const cases = await loadCases(options);
  narrator.say(`This run is ${services.runName}: its databases and keys are dropped at the end.`);
  const demo = await stopwatch.measure('start', () => startDemo(services, options.port));
  let result: StoryResult;
  let interrupted = false;
  try {
    result = await tellStory({ demo, cases, narrator, stopwatch, signal }).catch(brokenOff);
    interrupted = signal.aborted;
    if (!interrupted) await report(result, { demo, options, narrator, stopwatch, signal });
  } finally {
    narrator.say('\nStopping …');
    await demo.close();
    narrator.say('Everything that was started has stopped.');
  }
  if (interrupted) return INTERRUPTED;
  return result.ok ? 0 : 1;
}

interface Scene {
  readonly demo: Demo;
  readonly options: DemoOptions;
  readonly narrator: Narrator;
  readonly stopwatch: Stopwatch;
  readonly signal: AbortSignal;
}

/** Says how it ended and, unless asked to end, stays up for a visit. */
async function report(result: StoryResult, { demo, options, narrator, stopwatch, signal }: Scene): Promise<void> {
  const failed = result.expectations.filter(({ ok }) => !ok);
  for (const { name, detail } of failed) narrator.say(`\n✗ ${name}: ${detail ?? 'did not hold'}`);
  if (failed.length === 0) narrator.say(`\nAll ${result.expectations.length} expectations held.`);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...result, seconds: stopwatch.seconds })}\n`);
  if (options.once) return;
  narrator.say(
    [
      '',
      `The API is at ${demo.url}, its docs at ${demo.url}/docs`,
      `Your key, shown once: ${demo.visitorKey}`,
      'Try it:',
      `  curl -H 'Authorization: Bearer ${demo.visitorKey}' '${demo.url}/v1/logs?limit=3'`,
      'Ctrl-C stops everything.',
    ].join('\n'),
  );
  if (!signal.aborted) await once(signal, 'abort');
}

/** What a person can do something about is told in a sentence; everything else with its stack. */
function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof InputError || error instanceof ServicesError)
    return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  const options = parseCommandLine(process.argv.slice(2));
  if (options.help) process.stdout.write(`${USAGE}\n`);
  else process.exitCode = await run(options, stopSignal());
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
