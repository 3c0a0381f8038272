import { ROUNDS } from '../support/constants.js';
import { Sandbox } from '../support/sandbox.js';
import { Scope } from '../support/scope.js';
import { Sink } from '../support/sink.js';
import { median, quantile, rounded } from '../support/statistics.js';
import { createIntegrations, startApi, startWorker } from '../support/waybill.js';
import type { PartEnvironment, PartResult } from './part.js';

const EMITS_PER_S = 100;
const SECONDS = 10;
const WARM_UP_SECONDS = 2;
const TIMEOUT_MS = 60_000;

/** (e): from the moment an emit was due to the call's arrival at the vendor, at a fixed rate far below saturation. */
export function measureLatency({ services, progress }: PartEnvironment): Promise<PartResult> {
  return Scope.run(async (scope) => {
    const sandbox = new Sandbox(services);
    scope.defer(() => sandbox.drop());
    const sink = await Sink.start(scope);
    const api = await startApi(sandbox, scope);
    await createIntegrations(api, { actionId: 57, count: 1, address: `${sink.url}/latency` });
    await startWorker(sandbox, scope);
    const run = async (seconds: number): Promise<number[]> => {
      const count = EMITS_PER_S * seconds;
      await sink.reset();
      await api.child.call('emitAtRate', { perS: EMITS_PER_S, count }, TIMEOUT_MS);
      await sink.arrivals(count, TIMEOUT_MS);
      return sink.latenciesMs();
    };
    await run(WARM_UP_SECONDS);
    const p50: number[] = [];
    const p99: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const latenciesMs = await run(SECONDS);
      p50.push(quantile(latenciesMs, 0.5));
      p99.push(quantile(latenciesMs, 0.99));
      progress(`(e) latency, round ${round}: p50 ${p50.at(-1)?.toFixed(1)} ms, p99 ${p99.at(-1)?.toFixed(1)} ms`);
    }
    const label = `(e) emit to arrival at ${EMITS_PER_S}/s`;
    return {
      figures: { p50Ms: rounded(median(p50), 2), p99Ms: rounded(median(p99), 2) },
      rows: [
        { label: `${label}: p50`, rates: p50, unit: 'ms', cpuMs: null },
        { label: `${label}: p99`, rates: p99, unit: 'ms', cpuMs: null },
      ],
    };
  });
}
