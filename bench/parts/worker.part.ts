import { Child } from '../support/child.js';
import { numberIn } from '../support/child-messages.js';
import { CONCURRENCY, ROUNDS } from '../support/constants.js';
import { type CpuMs, CpuMeter, describeShares, totalOf } from '../support/cpu-meter.js';
import { Sandbox } from '../support/sandbox.js';
import { Scope } from '../support/scope.js';
import { Sink } from '../support/sink.js';
import { median, perSecond, rounded } from '../support/statistics.js';
import { allDelivered, allRecorded, createIntegrations, startApi, startWorker } from '../support/waybill.js';
import type { PartEnvironment, PartResult } from './part.js';

const JOBS = 8_000;
/** Callers that fill the queue before the worker starts; nothing of that is measured. */
const FILLING_CALLERS = 500;
const TIMEOUT_MS = 120_000;

interface Round {
  readonly perS: number;
  readonly cpu: CpuMs;
}

/**
 * (a) and (b): the same jobs posted to the same sink by a plain BullMQ worker and by Waybill's. Each worker is a process
 * of its own, started when its jobs are queued already and nothing else runs; the rounds alternate, so that a noisy
 * neighbour hits both.
 */
export async function measureWorker(environment: PartEnvironment): Promise<PartResult> {
  const ceiling: Round[] = [];
  const waybill: Round[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const plain = await Scope.run((scope) => plainRound(environment, scope));
    ceiling.push(plain);
    environment.progress(`(a) plain worker, round ${round}: ${describe(plain)}`);
    const own = await Scope.run((scope) => waybillRound(environment, scope));
    waybill.push(own);
    environment.progress(`(b) Waybill worker, round ${round}: ${describe(own)}`);
  }
  return resultOf(ceiling, waybill, environment.databases.missing === null);
}

async function plainRound({ services, databases }: PartEnvironment, scope: Scope): Promise<Round> {
  const sandbox = new Sandbox(services);
  scope.defer(() => sandbox.drop());
  const sink = await Sink.start(scope);
  const file = new URL('../processes/plain-worker.js', import.meta.url);
  const { child } = await Child.start({ name: 'the plain worker', file, env: sandbox.env });
  scope.defer(() => child.stop());
  await child.call('enqueue', { count: JOBS }, TIMEOUT_MS);
  const meter = new CpuMeter([{ name: 'worker', rootPid: child.pid }, ...databases.found]);
  const startedAtMs = numberIn(await child.call('start', { url: sink.url }, TIMEOUT_MS), 'startedAtMs');
  const { lastAtMs } = await sink.arrivals(JOBS, TIMEOUT_MS);
  return { perS: perSecond(JOBS, startedAtMs, lastAtMs), cpu: meter.read() };
}

async function waybillRound({ services, databases, profileInto }: PartEnvironment, scope: Scope): Promise<Round> {
  const sandbox = new Sandbox(services);
  scope.defer(() => sandbox.drop());
  const sink = await Sink.start(scope);
  await Scope.run(async (filling) => {
    const api = await startApi(sandbox, filling);
    await createIntegrations(api, { actionId: 57, count: 1, address: sink.url });
    await api.child.call('emit', { count: JOBS, callers: FILLING_CALLERS }, TIMEOUT_MS);
    await allRecorded(sandbox, TIMEOUT_MS);
  });
  const { child, readyAtMs } = await startWorker(sandbox, scope, profileInto);
  const meter = new CpuMeter([{ name: 'worker', rootPid: child.pid }, ...databases.found]);
  const { firstAtMs } = await sink.arrivals(JOBS, TIMEOUT_MS);
  const deliveredAtMs = await allDelivered(sandbox, JOBS, TIMEOUT_MS);
  // The lanes start a moment before the process can say that it is ready.
  return { perS: perSecond(JOBS, Math.min(readyAtMs, firstAtMs), deliveredAtMs), cpu: meter.read() };
}

function resultOf(ceiling: readonly Round[], waybill: readonly Round[], sawDatabases: boolean): PartResult {
  const ceilingRates = ceiling.map(({ perS }) => perS);
  const workerRates = waybill.map(({ perS }) => perS);
  const ratios = workerRates.map((perS, round) => perS / (ceilingRates[round] ?? Number.NaN));
  const cpuOf = (rounds: readonly Round[]) =>
    sawDatabases ? median(rounds.map(({ cpu }) => totalOf(cpu) / JOBS)) : null;
  return {
    figures: {
      ceilingPerS: Math.round(median(ceilingRates)),
      workerPerS: Math.round(median(workerRates)),
      workerRatio: rounded(median(ratios), 3),
    },
    rows: [
      { label: '(a) plain BullMQ worker', rates: ceilingRates, unit: 'jobs/s', cpuMs: cpuOf(ceiling) },
      { label: '(b) Waybill worker', rates: workerRates, unit: 'deliveries/s', cpuMs: cpuOf(waybill) },
    ],
    remarks: [
      `workerRatio is the median of the ratios (b)/(a) of the ${ROUNDS} pairs of rounds: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}.`,
      `(a) makes ${CONCURRENCY} calls at once, (b) 60 % of that, the share of one integration, beside tries that are read and recorded.`,
      `Where a job's CPU goes: (a) ${sharesOf(ceiling)}; (b) ${sharesOf(waybill)}.`,
    ],
  };
}

const sharesOf = (rounds: readonly Round[]) =>
  describeShares(
    rounds.map(({ cpu }) => cpu),
    JOBS,
  );

const describe = ({ perS, cpu }: Round) => `${Math.round(perS)}/s, ${(totalOf(cpu) / JOBS).toFixed(2)} CPU-ms per job`;
