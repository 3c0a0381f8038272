import { Child } from '../support/child.js';
import { numberIn } from '../support/child-messages.js';
import { CLIENTS, ROUNDS } from '../support/constants.js';
import { type CpuMs, CpuMeter, describeShares, totalOf } from '../support/cpu-meter.js';
import { Sandbox } from '../support/sandbox.js';
import { Scope } from '../support/scope.js';
import { Sink } from '../support/sink.js';
import { median, perSecond, rounded } from '../support/statistics.js';
import { allDelivered, createIntegrations, startApi, startWorker, type WaybillApi } from '../support/waybill.js';
import type { PartEnvironment, PartResult, Row } from './part.js';

/** What one event leads to. Each kind has an action of its own, so that the same servers serve both in turns. */
const KINDS = [
  { integrations: 1, actionId: 57, events: 2_500 },
  { integrations: 5, actionId: 58, events: 800 },
] as const;
const WARM_UP_EVENTS = 300;
const TIMEOUT_MS = 90_000;

type Kind = (typeof KINDS)[number];

interface Round {
  readonly acceptedPerS: number;
  readonly deliveredPerS: number;
  readonly cpu: CpuMs;
  readonly deliveries: number;
}

interface Servers {
  readonly sandbox: Sandbox;
  readonly sink: Sink;
  readonly api: WaybillApi;
  readonly load: Child;
  readonly worker: Child;
  delivered: number;
}

/** (d): from `POST /v1/events` to the vendor. One api process, one worker process, the load from a third. */
export function measureHttp(environment: PartEnvironment): Promise<PartResult> {
  return Scope.run(async (scope) => {
    const servers = await start(environment, scope);
    for (const kind of KINDS) await oneRound(servers, { ...kind, events: WARM_UP_EVENTS }, environment);
    const rounds = new Map<Kind, Round[]>(KINDS.map((kind) => [kind, []]));
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const kind of KINDS) {
        const measured = await oneRound(servers, kind, environment);
        rounds.get(kind)?.push(measured);
        environment.progress(`(d) HTTP to ${kind.integrations} integration(s), round ${round}: ${describe(measured)}`);
      }
    }
    return resultOf(rounds, environment.databases.missing === null);
  });
}

async function start({ services, profileInto }: PartEnvironment, scope: Scope): Promise<Servers> {
  const sandbox = new Sandbox(services);
  scope.defer(() => sandbox.drop());
  const sink = await Sink.start(scope);
  const api = await startApi(sandbox, scope, profileInto);
  for (const { actionId, integrations: count } of KINDS)
    await createIntegrations(api, { actionId, count, address: sink.url });
  const { child: worker } = await startWorker(sandbox, scope, profileInto);
  const { child: load } = await Child.start({
    name: 'the load',
    file: new URL('../processes/load.js', import.meta.url),
  });
  scope.defer(() => load.stop());
  return { sandbox, sink, api, load, worker, delivered: 0 };
}

async function oneRound(
  servers: Servers,
  { actionId, events, integrations }: { actionId: number; events: number; integrations: number },
  { databases }: PartEnvironment,
): Promise<Round> {
  const { sandbox, sink, api, load, worker } = servers;
  const deliveries = events * integrations;
  await sink.reset();
  const meter = new CpuMeter([
    { name: 'api', rootPid: api.child.pid },
    { name: 'worker', rootPid: worker.pid },
    ...databases.found,
  ]);
  const body = JSON.stringify({ action: actionId, context: { tenantId: 'bench', patientId: '[<id>]', emittedAt: 0 } });
  const request = { url: `${api.url}/v1/events`, key: api.key, body, amount: events, connections: CLIENTS };
  const posted = await load.call('post', request, TIMEOUT_MS);
  const { lastAtMs } = await sink.arrivals(deliveries, TIMEOUT_MS);
  servers.delivered += deliveries;
  await allDelivered(sandbox, servers.delivered, TIMEOUT_MS);
  const startedAtMs = numberIn(posted, 'startedAtMs');
  return {
    acceptedPerS: perSecond(events, startedAtMs, numberIn(posted, 'endedAtMs')),
    deliveredPerS: perSecond(events, startedAtMs, lastAtMs),
    cpu: meter.read(),
    deliveries,
  };
}

function resultOf(rounds: ReadonlyMap<Kind, readonly Round[]>, sawDatabases: boolean): PartResult {
  const figures: Record<string, number | null> = {};
  const rows: Row[] = [];
  const remarks: string[] = [];
  for (const [{ integrations }, measured] of rounds) {
    const accepted = measured.map(({ acceptedPerS }) => acceptedPerS);
    const delivered = measured.map(({ deliveredPerS }) => deliveredPerS);
    const cpuMs = sawDatabases ? rounded(median(measured.map(cpuMsPerDelivery)), 3) : null;
    figures[`http${integrations}AcceptedPerS`] = Math.round(median(accepted));
    figures[`http${integrations}PerS`] = Math.round(median(delivered));
    figures[`http${integrations}DeliveriesPerS`] = Math.round(median(delivered) * integrations);
    figures[`cpuMsPerDelivery${integrations}`] = cpuMs;
    remarks.push(
      `Where a delivery's CPU goes: (d) with ${integrations}: ${describeShares(
        measured.map(({ cpu }) => cpu),
        measured[0]?.deliveries ?? 1,
      )}.`,
    );
    const label = `(d) HTTP, ${CLIENTS} clients, ${integrations} integration${integrations === 1 ? '' : 's'}`;
    rows.push(
      { label: `${label}: accepted`, rates: accepted, unit: 'events/s', cpuMs: null },
      { label: `${label}: delivered`, rates: delivered, unit: 'events/s', cpuMs: null },
      {
        label: `${label}: deliveries`,
        rates: delivered.map((perS) => perS * integrations),
        unit: 'deliveries/s',
        cpuMs,
      },
    );
  }
  return { figures, rows, remarks };
}

const cpuMsPerDelivery = ({ cpu, deliveries }: Round) => totalOf(cpu) / deliveries;

const describe = (round: Round) =>
  `${Math.round(round.acceptedPerS)}/s accepted, ${Math.round(round.deliveredPerS)}/s delivered, ${cpuMsPerDelivery(round).toFixed(2)} CPU-ms per delivery`;
