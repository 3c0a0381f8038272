import { countResult } from '../count-result.js';
import type { VisitEntry } from '../ledger.js';
import { settle } from '../settle.js';
import { inParallel } from '../until.js';
import type { World } from '../world.js';

const AT_ONCE = 16;
const UNAUTHORIZED = 401;

/** The analyser posts what it measured, the forgotten sample included; each result makes a report final, which goes out. */
export async function measureSamples(world: World): Promise<void> {
  const { demo, ledger, narrator, signal } = world;
  const { sender } = demo.vendors.analyser;
  await inParallel(ledger.visits, AT_ONCE, signal, (visit) => measure(world, visit));
  await settle(world);
  const taken = new Map(sender.accepted.map((sent) => [sent.logId, sent]));
  await inParallel([...taken.values()], AT_ONCE, signal, (sent) => countResult(world, sent));
  const refused = sender.sent.filter(({ status }) => status === UNAUTHORIZED).length;
  narrator.say(
    `  ${sender.sent.length} webhooks from the analyser: ${taken.size} results, ${sender.accepted.length - taken.size} posted ` +
      `twice and taken once, ${refused} signed by an old secret and refused.`,
  );
  const reports = demo.vendors.ehr.accepted.filter(({ path }) => path.startsWith('/fhir/reports/')).length;
  narrator.say(
    `  ${reports} reports became final and went out as PDF, made when they were sent; one has a scan of 3 MB.`,
  );
  const retried = demo.vendors.all.flatMap(({ calls }) => calls.filter(({ tryNumber }) => tryNumber > 1)).length;
  narrator.say(`  Vendors that were busy or hung up were called again by themselves: ${retried} second tries so far.`);
}

const measure = ({ demo }: World, { patient, orderId, visit }: VisitEntry) =>
  demo.vendors.analyser.measure({ labId: patient.lab.id, orderId, observations: visit.observations });
