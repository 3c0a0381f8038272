import type { LogView } from '../../client/views.js';
import type { VisitEntry } from '../ledger.js';
import { settle } from '../settle.js';
import { supportOf, type World } from '../world.js';

export interface CorrectedOne {
  readonly entry: VisitEntry;
  readonly log: LogView;
}

/** A clerk corrects one record; support retries the log that failed; the insurer gets what the record says now. */
export async function correctOne(world: World): Promise<CorrectedOne> {
  const { demo, narrator } = world;
  const found = await findRefused(world);
  const { patient } = found.entry;
  const support = supportOf(world, patient.lab.id);
  const { policyNumber } = patient.case.papers;
  const answer = (await support.log(found.log.id)).attempts[0]?.response?.body?.text ?? 'no answer';
  narrator.say(
    `  Support searches by patient (context[patientId]=${patient.patientId}) and reads the insurer's answer: ${answer}`,
  );
  narrator.say(
    `  The clerk sees the insurance card and corrects "${patient.case.entered.policyNumber}" to "${policyNumber}".`,
  );
  await demo.labHttp.patch(`/lab/${patient.lab.id}/patients/${patient.patientId}`, { policyNumber });
  await support.retry(found.log.id, 'policy number corrected from the insurance card');
  await settle(world);
  const sent = demo.vendors.insurer.calls.filter(({ webhookId }) => webhookId === found.log.id);
  narrator.say(
    `  Support retried: the insurer has ${sent.length} calls under the same webhook-id, the last one accepted.`,
  );
  return found;
}

/** The first mistyped patient's first bill, found as support would: by the ids of its context. */
async function findRefused(world: World): Promise<CorrectedOne> {
  const { ledger } = world;
  const entry = ledger.visits.find(({ patient }) => isMistyped(patient.case));
  if (!entry) throw new Error('No bill belongs to a patient with a mistyped policy number');
  const { patient, billId } = entry;
  const [log] = await supportOf(world, patient.lab.id).logs({
    'context[patientId]': patient.patientId,
    'context[billId]': billId,
    status: 'FAIL',
  });
  if (!log) throw new Error(`There is no FAILed log of bill ${billId} of patient ${patient.patientId}`);
  return { entry, log };
}

export const isMistyped = ({ entered, papers }: VisitEntry['patient']['case']) =>
  entered.policyNumber !== papers.policyNumber;
