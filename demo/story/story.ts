import type { LogView } from '../client/views.js';
import type { PatientCase } from '../input/patient-case.js';
import type { Demo } from '../run/demo.js';
import type { Expectation } from './evidence.js';
import { checkExpectations } from './expectations/expectations.js';
import { Ledger } from './ledger.js';
import type { Narrator } from './narrator.js';
import { RedisWitness } from './redis-witness.js';
import { resultOf, type StoryResult } from './result.js';
import { billOrders } from './stages/bill-orders.js';
import { correctOne } from './stages/correct-one.js';
import { openLab } from './stages/open-lab.js';
import { receiveSamples } from './stages/receive-samples.js';
import { registerPatients } from './stages/register-patients.js';
import { retryRest } from './stages/retry-rest.js';
import { enterLateSample } from './stages/enter-late-sample.js';
import { measureSamples } from './stages/measure-samples.js';
import { payBills } from './stages/pay-bills.js';
import type { Stopwatch } from './stopwatch.js';
import { supportOf, type World } from './world.js';

interface StoryParts {
  readonly demo: Demo;
  readonly cases: readonly PatientCase[];
  readonly narrator: Narrator;
  readonly stopwatch: Stopwatch;
  readonly signal: AbortSignal;
}

/** A day in the lab, and what must be true of it in the end. */
export async function tellStory({ demo, cases, narrator, stopwatch, signal }: StoryParts): Promise<StoryResult> {
  const world: World = { demo, cases, narrator, signal, ledger: new Ledger() };
  const stage = async <T>(step: string, title: string, tell: (world: World) => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    narrator.stage(title);
    const told = await stopwatch.measure(step, () => tell(world));
    narrator.say(`  (${stopwatch.seconds[step]} s)`);
    return told;
  };
  const witness = new RedisWitness(demo.services.redisUrl, demo.services.redisPrefix, personalWords(cases));
  witness.start();
  try {
    await stage('open', 'The lab opens', openLab);
    await stage('register', `Register ${cases.length} patients`, registerPatients);
    await stage('bill', 'Order tests and generate bills', billOrders);
    await stage('pay', 'Take payments', payBills);
    await stage('receive', 'Receive the samples, open their reports', receiveSamples);
    await stage('measure', 'Measure them: results come in, reports go out', measureSamples);
    await stage('enter', 'Enter the sample that was forgotten', enterLateSample);
    const failedBefore = [...(await logsByLab(world, { status: 'FAIL' })).values()].flat();
    const corrected = await stage('correct', 'Correct one record, retry its delivery', correctOne);
    await stage('retry', 'Correct and retry the rest', retryRest);
    const redis = await witness.stop();
    return await stage('check', "Check against the vendors' own records and the logs", async () => {
      const logs = await logsByLab(world, {});
      const expectations = await checkExpectations({ world, logs, failedBefore, corrected, redis });
      tellExpectations(narrator, expectations);
      return resultOf(expectations, [...logs.values()].flat());
    });
  } finally {
    await witness.stop();
  }
}

async function logsByLab(
  world: World,
  filter: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, LogView[]>> {
  const logs = new Map<string, LogView[]>();
  for (const labId of world.demo.support.keys()) logs.set(labId, await supportOf(world, labId).logs(filter));
  return logs;
}

function tellExpectations(narrator: Narrator, expectations: readonly Expectation[]): void {
  for (const { name, ok, detail } of expectations) {
    narrator.say(`  ${ok ? '✓' : '✗'} ${name}${detail === undefined ? '' : ` (${detail})`}`);
  }
}

/** What must not be in a queue. Names of one or two letters are left out: they are words of other things too. */
function personalWords(cases: readonly PatientCase[]): ReadonlySet<string> {
  const words = cases.flatMap(({ entered, papers }) => [
    papers.given,
    papers.family,
    ...[entered.policyNumber, papers.policyNumber, entered.phone ?? '', papers.phone ?? ''],
  ]);
  return new Set(words.filter((word) => word.length > 2));
}
