import { numberIn } from '../support/child-messages.js';
import { CLIENTS, ROUNDS } from '../support/constants.js';
import { CpuMeter, totalOf } from '../support/cpu-meter.js';
import { Sandbox } from '../support/sandbox.js';
import { Scope } from '../support/scope.js';
import { Sink } from '../support/sink.js';
import { median } from '../support/statistics.js';
import { createIntegrations, startApi } from '../support/waybill.js';
import type { PartEnvironment, PartResult } from './part.js';

const EVENTS = 4_000;
const WARM_UP_EVENTS = 500;
const TIMEOUT_MS = 60_000;

/** (c): emit in the host's own process, with one integration and no worker running. */
export function measureEmit({ services, databases, progress, profileInto }: PartEnvironment): Promise<PartResult> {
  return Scope.run(async (scope) => {
    const sandbox = new Sandbox(services);
    scope.defer(() => sandbox.drop());
    const sink = await Sink.start(scope);
    const api = await startApi(sandbox, scope, profileInto);
    await createIntegrations(api, { actionId: 57, count: 1, address: sink.url });
    await api.child.call('emit', { count: WARM_UP_EVENTS, callers: CLIENTS }, TIMEOUT_MS);
    const rates: number[] = [];
    const cpu: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const meter = new CpuMeter([{ name: 'api', rootPid: api.child.pid }, ...databases.found]);
      const answer = await api.child.call('emit', { count: EVENTS, callers: CLIENTS }, TIMEOUT_MS);
      const perS = (EVENTS * 1_000) / numberIn(answer, 'durationMs');
      rates.push(perS);
      cpu.push(totalOf(meter.read()) / EVENTS);
      progress(`(c) emit, round ${round}: ${Math.round(perS)}/s`);
    }
    const cpuMs = databases.missing === null ? median(cpu) : null;
    return {
      figures: { emitPerS: Math.round(median(rates)) },
      rows: [{ label: `(c) emit, ${CLIENTS} callers`, rates, unit: 'events/s', cpuMs }],
    };
  });
}
