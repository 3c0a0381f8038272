import { ROUNDS } from '../support/constants.js';
import { Sandbox } from '../support/sandbox.js';
import { Scope } from '../support/scope.js';
import { Sink } from '../support/sink.js';
import { median, quantile, rounded } from '../support/statistics.js';
import { createIntegrations, startApi, startWorker } from '../support/waybill.js';
import type { PartEnvironment, PartResult } from './part.js';

const EMITS_PER_S = 50;
const SECONDS = 10;
const WARM_UP_SECONDS = 3;
const SICK_BACKLOG = 10_000;
const FILLING_CALLERS = 200;
const HEALTHY_INTEGRATIONS = 2;
const TIMEOUT_MS = 120_000;

/**
 * (f): the latency of two healthy integrations, without and with a third of the same tenant whose vendor hangs until the
 * call's 30 s are over and for which 10,000 deliveries are queued.
 */
export async function measureIsolation({ services, progress }: PartEnvironment): Promise<PartResult> {
  const alone: number[] = [];
  const beside: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    await Scope.run(async (scope) => {
      const sandbox = new Sandbox(services);
      scope.defer(() => sandbox.drop());
      const sink = await Sink.start(scope);
      const api = await startApi(sandbox, scope);
      await createIntegrations(api, { actionId: 57, count: HEALTHY_INTEGRATIONS, address: `${sink.url}/latency` });
      await createIntegrations(api, { actionId: 58, count: 1, address: `${sink.url}/hang` });
      await startWorker(sandbox, scope);
      const p99 = async (seconds: number): Promise<number> => {
        const count = EMITS_PER_S * seconds;
        await sink.reset();
        await api.child.call('emitAtRate', { perS: EMITS_PER_S, count }, TIMEOUT_MS);
        await sink.arrivals(count * HEALTHY_INTEGRATIONS, TIMEOUT_MS);
        return quantile(await sink.latenciesMs(), 0.99);
      };
      await p99(WARM_UP_SECONDS);
      alone.push(await p99(SECONDS));
      await api.child.call('emitToFive', { count: SICK_BACKLOG, callers: FILLING_CALLERS }, TIMEOUT_MS);
      beside.push(await p99(SECONDS));
      progress(
        `(f) isolation, round ${round}: p99 ${alone.at(-1)?.toFixed(1)} ms alone, ${beside.at(-1)?.toFixed(1)} ms beside a vendor that hangs`,
      );
    });
  }
  const ratios = beside.map((ms, round) => ms / (alone[round] ?? Number.NaN));
  const label = `(f) p99 of 2 healthy vendors at ${EMITS_PER_S}/s`;
  return {
    figures: { isolationP99Ratio: rounded(median(ratios), 2) },
    rows: [
      { label: `${label}, alone`, rates: alone, unit: 'ms', cpuMs: null },
      { label: `${label}, beside one that hangs`, rates: beside, unit: 'ms', cpuMs: null },
    ],
    remarks: [
      `isolationP99Ratio is the median of the ratios of the ${ROUNDS} rounds: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}.`,
    ],
  };
}
