import { HttpFailure } from '../../client/json-client.js';
import { CITY_LAB, HILL_LAB } from '../../lab/labs.js';
import { allLogs, type Evidence, type Expectation } from '../evidence.js';
import { supportOf } from '../world.js';

const NOT_FOUND = 404;

export async function skipsHaveTheirReason({ world }: Evidence): Promise<Expectation> {
  const { demo, ledger } = world;
  const uploaded = ledger.patients.find(({ channel, lab }) => channel === 'upload' && lab === CITY_LAB);
  const event = uploaded && (await supportOf(world, CITY_LAB.id).event(uploaded.eventId));
  const filtered = ledger.skipped.get('filtered') ?? 0;
  const disabled = ledger.skipped.get('disabled') ?? 0;
  const registryCalls = demo.vendors.registry.calls.length;
  return {
    name: 'an integration that was left out has its reason in the event: filtered or disabled',
    ok:
      disabled === ledger.visits.length &&
      registryCalls === 0 &&
      (event === undefined || event.skipped.some(({ reason }) => reason === 'filtered')),
    detail: `${filtered} filtered, ${disabled} disabled; the disabled registry got ${registryCalls} calls`,
  };
}

export function inboundCallsAreLogged(evidence: Evidence): Expectation {
  const calls = allLogs(evidence).filter(({ integrationName }) => integrationName === 'Result of an order');
  const inbound = calls.filter(({ direction, status }) => direction === 'inbound' && status === 'SUCCESS');
  const orders = new Set(inbound.map(({ context }) => context['orderId']));
  const wanted = evidence.world.ledger.visits.length;
  return {
    name: 'every call of the method that takes results is an inbound log, found by its order',
    ok: orders.size === wanted && inbound.length === wanted,
    detail: `${inbound.length} of ${wanted}`,
  };
}

export function redisHoldsNobodysName({ redis }: Evidence): Expectation {
  return {
    name: "no job data in Redis held a patient's name, phone or policy number",
    ok: redis.jobsRead > 0 && redis.found.length === 0,
    detail: `${redis.jobsRead} jobs read while the story ran${redis.found.length > 0 ? `, found ${redis.found.join(', ')}` : ''}`,
  };
}

export async function labsSeeTheirOwnOnly({ world, logs }: Evidence): Promise<Expectation> {
  const hill = supportOf(world, HILL_LAB.id);
  const [foreign] = logs.get(CITY_LAB.id) ?? [];
  const answer = foreign && (await hill.log(foreign.id).then(() => 200, statusOf));
  const own = (logs.get(HILL_LAB.id) ?? []).map(({ context }) => context['patientId'] ?? null);
  const ofHill = world.ledger.patients.filter(({ lab }) => lab === HILL_LAB);
  const patients = new Set<unknown>(ofHill.map(({ patientId }) => patientId));
  return {
    name: "a lab's key sees that lab's logs and no other's",
    ok: answer === NOT_FOUND && own.every((id) => id === null || patients.has(id)),
    detail: `another lab's log answers ${answer ?? 'nothing'}`,
  };
}

function statusOf(error: unknown): number {
  if (error instanceof HttpFailure) return error.status;
  throw error;
}
