import { createHash } from 'node:crypto';
import { valueAt } from '../../vendors/vendor.js';
import type { ReceivedCall, VendorServer } from '../../vendors/vendor-server.js';
import { groupBy } from '../group-by.js';
import { allLogs, type Evidence, type Expectation } from '../evidence.js';

export function everyPatientReachedTheEhrOnce({ world }: Evidence): Expectation {
  const { demo, ledger } = world;
  const received = demo.vendors.ehr.accepted.filter(({ path }) => path === '/fhir/bundles');
  const byPatient = groupBy(received, ({ body }) => String(valueAt(body, 'entry', 0, 'request', 'url')));
  const once = ledger.patients.filter(({ patientId }) => byPatient.get(`Patient/${patientId}`)?.length === 1);
  const ids = new Set(received.map(({ webhookId }) => webhookId));
  return {
    name: 'every registered patient reached the EHR exactly once, each under a webhook-id of its own',
    ok: once.length === ledger.patients.length && ids.size === received.length && ids.size === ledger.patients.length,
    detail: `${once.length} of ${ledger.patients.length} patients, ${received.length} calls, ${ids.size} webhook-ids`,
  };
}

export function everyNameArrivedAsItIs({ world }: Evidence): Expectation {
  const names = new Set(
    world.demo.vendors.ehr.accepted.map(({ body }) => {
      const name = valueAt(body, 'entry', 0, 'resource', 'name', 0);
      return `${String(valueAt(name, 'given', 0))} ${String(valueAt(name, 'family'))}`;
    }),
  );
  const wanted = world.ledger.patients.map(({ case: { papers } }) => `${papers.given} ${papers.family}`);
  const accented = wanted.find((name) => /[^\x20-\x7e]/.test(name));
  return {
    name: 'every name arrived letter by letter, accents included',
    ok: wanted.every((name) => names.has(name)),
    detail: accented === undefined ? 'no accented name among these patients' : `for example ${accented}`,
  };
}

export function everyDeliveryArrivedOnce({ world }: Evidence): Expectation {
  const accepted = world.demo.vendors.all.flatMap((vendor) => vendor.accepted);
  const ids = new Set(accepted.map(({ webhookId }) => webhookId));
  return {
    name: 'every delivery was taken by its vendor once, none was lost',
    ok: ids.size === world.ledger.deliveries && accepted.length === ids.size,
    detail: `${ids.size} of ${world.ledger.deliveries} deliveries, ${accepted.length} accepted calls`,
  };
}

export function repeatedRequestIsOneEvent({ world }: Evidence): Expectation {
  return {
    name: 'a registration that was sent twice is one event',
    ok: world.ledger.duplicates === 1,
    detail: `${world.ledger.duplicates} duplicate recognised`,
  };
}

export async function theLargeReportArrivedWhole({ world }: Evidence): Promise<Expectation> {
  const { demo, ledger } = world;
  const scanned = ledger.visits.find(({ visit }) => visit.hasScan);
  const made = scanned && (await demo.pdf.sha256(scanned.patient.lab.id, scanned.reportId ?? ''));
  const arrived = demo.vendors.ehr.accepted.find(({ path }) => path === `/fhir/reports/${scanned?.reportId ?? ''}`);
  const pdf = Buffer.from(String(valueAt(arrived?.body, 'report', 'pdf')), 'base64');
  const sha256 = createHash('sha256').update(pdf).digest('hex');
  return {
    name: 'the report of 3 MB arrived with the same sha256',
    ok: made === sha256 && pdf.length > 3 * 1024 * 1024,
    detail: `${(pdf.length / 1024 / 1024).toFixed(2)} MiB, sha256 ${sha256.slice(0, 12)}…`,
  };
}

export function everyLabUsedItsOwnCredentials({ world }: Evidence): Expectation {
  const { demo, ledger } = world;
  const labOf = new Map(ledger.patients.map(({ patientId, lab }) => [patientId, lab.id]));
  const patients = demo.vendors.ehr.accepted.filter(({ path }) => path === '/fhir/bundles');
  const wrong = patients.filter(({ body, labId }) => labOf.get(patientIdOf(body)) !== labId);
  const refused = demo.vendors.all.flatMap(({ calls }) => calls.filter(({ status }) => status === 401));
  return {
    name: "every call carried its own lab's credentials",
    ok: patients.length > 0 && wrong.length === 0 && refused.length === 0,
    detail: `${refused.length} calls refused for their credentials, ${wrong.length} with another lab's`,
  };
}

const patientIdOf = (body: unknown) => String(valueAt(body, 'entry', 0, 'request', 'url')).replace('Patient/', '');

/** Every try that a vendor saw is in the logs, and nothing else is. */
export function logsAgreeWithVendors(evidence: Evidence): Expectation {
  const tries = new Map(
    allLogs(evidence)
      .filter(({ direction }) => direction === 'outbound')
      .map(({ id, attemptCount }) => [id, attemptCount]),
  );
  const seen = groupBy(evidence.world.demo.vendors.all.flatMap(callsOf), ({ webhookId }) => webhookId);
  const differing = [...tries].filter(([id, count]) => seen.get(id)?.length !== count);
  return {
    name: "the logs count the tries that are in the vendors' own records",
    ok: differing.length === 0 && seen.size === tries.size,
    detail: `${tries.size} logs, ${seen.size} webhook-ids at the vendors, ${differing.length} differ`,
  };
}

const callsOf = ({ calls }: VendorServer): readonly ReceivedCall[] => calls;
