import { randomBytes } from 'node:crypto';
import axios from 'axios';
import { Child } from '../support/child.js';
import { numberIn, textIn } from '../support/child-messages.js';
import { BenchFailure } from '../support/bench-failure.js';
import { CLIENTS, ROUNDS } from '../support/constants.js';
import { type CpuMs, CpuMeter, describeShares, totalOf } from '../support/cpu-meter.js';
import { Sandbox } from '../support/sandbox.js';
import { Scope } from '../support/scope.js';
import { median, perSecond, rounded } from '../support/statistics.js';
import { startApi, type WaybillApi } from '../support/waybill.js';
import type { PartEnvironment, PartResult, Row } from './part.js';

const WEBHOOKS = 12_000;
const WARM_UP_WEBHOOKS = 2_000;
const TIMEOUT_MS = 120_000;

interface Receiver {
  readonly url: string;
  readonly pid: number;
}

interface Round {
  readonly perS: number;
  readonly p99Ms: number;
  readonly cpu: CpuMs;
}

/**
 * (h) and (i): the same signed webhooks (Standard Webhooks, 1 KB, each another event) to a receiver as a host would write it
 * by hand and to one api process of Waybill, as fast as its clients get their answers: an answer is given once the webhook,
 * and Waybill's log of it, are in the database. No worker runs. The rounds alternate, so that a noisy neighbour hits both.
 */
export function measureInbound(environment: PartEnvironment): Promise<PartResult> {
  const { services, databases, progress, profileInto } = environment;
  return Scope.run(async (scope) => {
    const sandbox = new Sandbox(services);
    scope.defer(() => sandbox.drop());
    const secret = `whsec_${randomBytes(24).toString('base64')}`;
    const plain = await startPlain(sandbox, secret, scope);
    const api = await startApi(sandbox, scope, profileInto);
    const own = { url: await createSource(api, secret), pid: api.child.pid };
    const { child: load } = await Child.start({
      name: 'the load',
      file: new URL('../processes/load.js', import.meta.url),
    });
    scope.defer(() => load.stop());
    const post = ({ url }: Receiver, amount: number) =>
      load.call('webhooks', { url, secret, amount, connections: CLIENTS }, TIMEOUT_MS);
    const measure = async (receiver: Receiver): Promise<Round> => {
      const meter = new CpuMeter([{ name: 'receiver', rootPid: receiver.pid }, ...databases.found]);
      const posted = await post(receiver, WEBHOOKS);
      const perS = perSecond(WEBHOOKS, numberIn(posted, 'startedAtMs'), numberIn(posted, 'endedAtMs'));
      return { perS, p99Ms: numberIn(posted, 'p99Ms'), cpu: meter.read() };
    };
    for (const receiver of [plain, own]) await post(receiver, WARM_UP_WEBHOOKS);
    const rounds: { plain: Round; own: Round }[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const pair = { plain: await measure(plain), own: await measure(own) };
      rounds.push(pair);
      progress(`(h) by hand, (i) Waybill, round ${round}: ${describe(pair.plain)}; ${describe(pair.own)}`);
    }
    await requireStored(sandbox, WARM_UP_WEBHOOKS + ROUNDS * WEBHOOKS);
    return resultOf(rounds, databases.missing === null);
  });
}

function resultOf(rounds: readonly { plain: Round; own: Round }[], sawDatabases: boolean): PartResult {
  const [plain, own] = [rounds.map((round) => round.plain), rounds.map((round) => round.own)];
  const ratios = rounds.map((round) => round.own.perS / round.plain.perS);
  const ratesOf = (those: readonly Round[]) => those.map(({ perS }) => perS);
  const p99Of = (those: readonly Round[]) => those.map(({ p99Ms }) => p99Ms);
  const rowsOf = (label: string, those: readonly Round[]): Row[] => [
    {
      label: `${label}: acknowledged`,
      rates: ratesOf(those),
      unit: 'webhooks/s',
      cpuMs: sawDatabases ? median(those.map(({ cpu }) => totalOf(cpu) / WEBHOOKS)) : null,
    },
    { label: `${label}: p99`, rates: p99Of(those), unit: 'ms', cpuMs: null },
  ];
  const sharesOf = (those: readonly Round[]) =>
    describeShares(
      those.map(({ cpu }) => cpu),
      WEBHOOKS,
    );
  return {
    figures: {
      inboundPerS: Math.round(median(ratesOf(own))),
      inboundP99Ms: rounded(median(p99Of(own)), 1),
      inboundRatio: rounded(median(ratios), 2),
    },
    rows: [
      ...rowsOf(`(h) a receiver by hand, ${CLIENTS} clients`, plain),
      ...rowsOf(`(i) Waybill, ${CLIENTS} clients`, own),
    ],
    remarks: [
      `inboundRatio is the median of the ratios (i)/(h) of the ${ROUNDS} pairs of rounds: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}.`,
      '(h) verifies and inserts the body; (i) also keeps the whole request encrypted, a redacted log that is searchable, and queues it.',
      `Where a webhook's CPU goes: (h) ${sharesOf(plain)}; (i) ${sharesOf(own)}.`,
    ],
  };
}

const describe = ({ perS, p99Ms }: Round) => `${Math.round(perS)}/s, p99 ${p99Ms.toFixed(1)} ms`;

async function startPlain(sandbox: Sandbox, secret: string, scope: Scope): Promise<Receiver> {
  const file = new URL('../processes/plain-receiver.js', import.meta.url);
  const env = { ...sandbox.env, BENCH_SECRET: secret };
  const { child, ready } = await Child.start({ name: 'the receiver by hand', file, env });
  scope.defer(() => child.stop());
  return { url: textIn(ready, 'url'), pid: child.pid };
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
