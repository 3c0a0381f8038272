import { ROUNDS } from '../support/constants.js';
import { Child } from '../support/child.js';
import { numberIn } from '../support/child-messages.js';
import { CuttableAddress } from '../support/cuttable-address.js';
import { Sandbox } from '../support/sandbox.js';
import { Scope } from '../support/scope.js';
import { median, rounded } from '../support/statistics.js';
import type { PartEnvironment, PartResult } from './part.js';

const FILE = new URL('../processes/log-host.js', import.meta.url);
const CALLS = 2_000;
const TIMEOUT_MS = 120_000;

/** (g): what `@IntegrationLogger` adds to a host's own call, with MongoDB and without it. */
export function measureLog({ services, progress }: PartEnvironment): Promise<PartResult> {
  return Scope.run(async (scope) => {
    const sandbox = new Sandbox(services);
    scope.defer(() => sandbox.drop());
    const address = await CuttableAddress.of(sandbox.mongodbUri);
    scope.defer(() => address.cut());
    const { child } = await Child.start({
      name: 'the host with logged calls',
      file: FILE,
      env: { ...sandbox.env, BENCH_MONGODB_URI: address.uri },
    });
    scope.defer(() => child.stop());
    const measure = async (state: string) => {
      const p50: number[] = [];
      const p99: number[] = [];
      await child.call('callAll', { calls: CALLS }, TIMEOUT_MS);
      for (let round = 1; round <= ROUNDS; round += 1) {
        const answer = await child.call('callAll', { calls: CALLS }, TIMEOUT_MS);
        p50.push(numberIn(answer, 'addedP50'));
        p99.push(numberIn(answer, 'addedP99'));
        progress(
          `(g) log, MongoDB ${state}, round ${round}: p50 ${p50.at(-1)?.toFixed(3)} ms, p99 ${p99.at(-1)?.toFixed(3)} ms`,
        );
      }
      const label = `(g) added to a call, MongoDB ${state}`;
      return {
        p50: rounded(median(p50), 3),
        p99: rounded(median(p99), 3),
        rows: [
          { label: `${label}: p50`, rates: p50, unit: 'ms', cpuMs: null },
          { label: `${label}: p99`, rates: p99, unit: 'ms', cpuMs: null },
        ],
      };
    };
    const up = await measure('up');
    await address.cut();
    const down = await measure('down');
    await address.restore();
    return {
      figures: {
        logAddedMsP50: up.p50,
        logAddedMsP99: up.p99,
        logAddedMsP50Down: down.p50,
        logAddedMsP99Down: down.p99,
      },
      rows: [...up.rows, ...down.rows],
    };
  });
}
