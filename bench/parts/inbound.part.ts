import { randomBytes } from 'node:crypto';
import axios from 'axios';
import { Child } from '../support/child.js';
import { numberIn } from '../support/child-messages.js';
import { BenchFailure } from '../support/bench-failure.js';
import { CLIENTS, ROUNDS } from '../support/constants.js';
import { CpuMeter, describeShares, totalOf } from '../support/cpu-meter.js';
import { Sandbox } from '../support/sandbox.js';
import { Scope } from '../support/scope.js';
import { median, perSecond, rounded } from '../support/statistics.js';
import { startApi, type WaybillApi } from '../support/waybill.js';
import type { PartEnvironment, PartResult } from './part.js';

const WEBHOOKS = 12_000;
const WARM_UP_WEBHOOKS = 2_000;
const TIMEOUT_MS = 120_000;

/**
 * (i): signed webhooks (Standard Webhooks, 1 KB, each another event) to one api process, as fast as its clients get their
 * answers: an answer is given once the webhook and its log are in the database. No worker runs.
 */
export function measureInbound({ services, databases, progress, profileInto }: PartEnvironment): Promise<PartResult> {
  return Scope.run(async (scope) => {
    const sandbox = new Sandbox(services);
    scope.defer(() => sandbox.drop());
    const api = await startApi(sandbox, scope, profileInto);
    const secret = `whsec_${randomBytes(24).toString('base64')}`;
    const url = await createSource(api, secret);
    const { child: load } = await Child.start({
      name: 'the load',
      file: new URL('../processes/load.js', import.meta.url),
    });
    scope.defer(() => load.stop());
    const post = (amount: number) => load.call('webhooks', { url, secret, amount, connections: CLIENTS }, TIMEOUT_MS);
    await post(WARM_UP_WEBHOOKS);
    const rounds = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const meter = new CpuMeter([{ name: 'api', rootPid: api.child.pid }, ...databases.found]);
      const posted = await post(WEBHOOKS);
      const perS = perSecond(WEBHOOKS, numberIn(posted, 'startedAtMs'), numberIn(posted, 'endedAtMs'));
      rounds.push({ perS, p99: numberIn(posted, 'p99Ms'), cpu: meter.read() });
      progress(`(i) webhooks, round ${round}: ${Math.round(perS)}/s, p99 ${rounds.at(-1)?.p99.toFixed(1)} ms`);
    }
    await requireStored(sandbox, WARM_UP_WEBHOOKS + ROUNDS * WEBHOOKS);
    const [rates, p99] = [rounds.map(({ perS }) => perS), rounds.map((round) => round.p99)];
    const cpu = rounds.map((round) => round.cpu);
    const cpuMs = databases.missing === null ? median(cpu.map((one) => totalOf(one) / WEBHOOKS)) : null;
    const label = `(i) webhooks, ${CLIENTS} clients`;
    return {
      figures: { inboundPerS: Math.round(median(rates)), inboundP99Ms: rounded(median(p99), 1) },
      rows: [
        { label: `${label}: acknowledged`, rates, unit: 'webhooks/s', cpuMs },
        { label: `${label}: p99`, rates: p99, unit: 'ms', cpuMs: null },
      ],
      remarks: [`Where a webhook's CPU goes: (i) ${describeShares(cpu, WEBHOOKS)}.`],
    };
  });
}

async function createSource({ url, key }: WaybillApi, secret: string): Promise<string> {
  const { data } = await axios.post<{ address: string }>(
    `${url}/v1/sources`,
    {
      name: 'Bench',
      vendor: 'bench',
      verification: { kind: 'standard-webhooks', secrets: [secret] },
      eventType: '/type',
      handling: { kind: 'handler' },
    },
    { headers: { authorization: `Bearer ${key}` } },
  );
  return `${url}${data.address}`;
}

/** Each was another event: an answer without a row would be a lie. */
async function requireStored({ connection }: Sandbox, count: number): Promise<void> {
  const stored = await connection.collection('integration_logs').countDocuments({ direction: 'inbound' });
  if (stored !== count) throw new BenchFailure(`${count} webhooks were acknowledged, and ${stored} are stored`);
}
