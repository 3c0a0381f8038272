import type { LogDetailView, LogView } from '../../client/views.js';
import { valueAt } from '../../vendors/vendor.js';
import type { ReceivedCall } from '../../vendors/vendor-server.js';
import { allLogs, type Evidence, type Expectation } from '../evidence.js';
import { isMistyped } from '../stages/correct-one.js';
import { supportOf } from '../world.js';

const BUSY = 503;

/** Busy answers and closed connections, both retried with nobody's help. */
export async function transientFailuresHealed(evidence: Evidence): Promise<Expectation> {
  const { vendors } = evidence.world.demo;
  const troubled = [...vendors.sms.calls, ...vendors.portal.calls].filter(isTransient);
  const accepted = new Set([...vendors.sms.accepted, ...vendors.portal.accepted].map(({ webhookId }) => webhookId));
  const healed = troubled.filter(({ webhookId }) => accepted.has(webhookId));
  const [sample] = troubled;
  const log = sample && (await findDetail(evidence, sample.webhookId));
  const [first, second] = log?.attempts ?? [];
  return {
    name: 'the 503s and closed connections were retried by themselves and succeeded',
    ok: healed.length > 0 && healed.length === troubled.length && !!first && second?.trigger === 'automatic',
    detail: `${healed.length} of ${troubled.length}; the first one: ${log?.attempts.map(describeAttempt).join(', then ') ?? 'none'}`,
  };
}

export function insurerRefusalsFailed({ world, failedBefore }: Evidence): Expectation {
  const wanted = world.ledger.visits.filter(({ patient }) => isMistyped(patient.case)).length;
  const failed = failedBefore.filter(({ integrationName }) => integrationName === 'Insurer: claims');
  const rejected = failed.filter(({ errorClass, attemptCount }) => errorClass === 'rejected' && attemptCount === 1);
  return {
    name: "the insurer's refusals (200 with an error in the body) FAILed as rejected, after one try",
    ok: wanted > 0 && failed.length === wanted && rejected.length === wanted,
    detail: `${rejected.length} of ${wanted}`,
  };
}

export function missingPhonesFailed({ world, failedBefore }: Evidence): Expectation {
  const { ledger } = world;
  const wanted = ledger.patients.filter(
    ({ case: { entered, papers }, lab, channel }) =>
      entered.phone === null && papers.phone !== null && lab.id === 'city-lab' && channel !== 'upload',
  ).length;
  const failed = failedBefore.filter(({ integrationName }) => integrationName === 'SMS: welcome');
  const rejected = failed.filter(({ errorClass }) => errorClass === 'rejected');
  const other = failed.find(({ errorClass }) => errorClass !== 'rejected');
  return {
    name: 'a welcome SMS without a phone number FAILed as rejected',
    ok: failed.length === wanted && rejected.length === wanted,
    detail: `${rejected.length} of ${wanted}${other ? `, and ${describeLog(other)}` : ''}`,
  };
}

export function theRetrySentTheCorrection({ world, corrected }: Evidence): Expectation {
  const { entered, papers } = corrected.entry.patient.case;
  const calls = world.demo.vendors.insurer.calls.filter(({ webhookId }) => webhookId === corrected.log.id);
  const sent = calls.map(({ body }) => String(valueAt(body, 'policyNumber', 0)));
  return {
    name: 'the retry sent the corrected policy number, under the same webhook-id',
    ok: sent.length === 2 && sent[0] === entered.policyNumber && sent[1] === papers.policyNumber,
    detail: `the insurer got ${sent.join(', then ')}`,
  };
}

export async function bothAttemptsAreInTheLog(evidence: Evidence): Promise<Expectation> {
  const { entry, log } = evidence.corrected;
  const { entered, papers } = entry.patient.case;
  const { attempts, status } = await supportOf(evidence.world, entry.patient.lab.id).log(log.id);
  const [first, second] = attempts;
  return {
    name: 'both attempts are in the log, each with what was sent',
    ok:
      status === 'SUCCESS' &&
      attempts.length === 2 &&
      (first?.request?.body?.text?.includes(entered.policyNumber) ?? false) &&
      (second?.request?.body?.text?.includes(papers.policyNumber) ?? false) &&
      second?.trigger === 'manual',
    detail: attempts.map(describeAttempt).join(', then '),
  };
}

export function everythingSucceededInTheEnd(evidence: Evidence): Expectation {
  const open = allLogs(evidence).filter(({ status, resolution }) => status !== 'SUCCESS' && !resolution);
  return {
    name: 'after the corrections and retries every log is SUCCESS, or resolved with a note',
    ok: open.length === 0,
    detail: open.length === 0 ? `${allLogs(evidence).length} logs` : open.slice(0, 3).map(describeLog).join('; '),
  };
}

const isTransient = ({ status }: ReceivedCall) => status === BUSY || status === null;

export const describeAttempt = ({ trigger, outcome, errorClass }: LogDetailView['attempts'][number]) =>
  `${trigger} ${outcome}${errorClass === null ? '' : ` (${errorClass})`}`;

const describeLog = ({ id, status, integrationName, errorMessage }: LogView) =>
  `${id} ${status} ${integrationName}: ${errorMessage ?? 'no error'}`;

async function findDetail({ logs, world }: Evidence, id: string): Promise<LogDetailView | undefined> {
  const [labId] = [...logs].find(([, ofLab]) => ofLab.some((log) => log.id === id)) ?? [];
  return labId === undefined ? undefined : supportOf(world, labId).log(id);
}
