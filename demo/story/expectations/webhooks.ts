import type { LogView } from '../../client/views.js';
import { LABS } from '../../lab/labs.js';
import { valueAt } from '../../vendors/vendor.js';
import { allLogs, type Evidence, type Expectation } from '../evidence.js';
import { groupBy } from '../group-by.js';
import { supportOf } from '../world.js';
import { describeAttempt } from './retries.js';

const UNAUTHORIZED = 401;

export function everyResultsReportReachedTheEhr({ world }: Evidence): Expectation {
  const { demo, ledger } = world;
  const byPath = groupBy(demo.vendors.ehr.accepted, ({ path }) => path);
  const arrived = ledger.visits.filter(({ reportId, visit }) => {
    const calls = byPath.get(`/fhir/reports/${reportId ?? ''}`) ?? [];
    const [findings] = calls.map(({ body }) => valueAt(body, 'report', 'contained'));
    const found = visit.observations.filter(({ value }, index) => value === findingAt(findings, index));
    return calls.length === 1 && found.length === visit.observations.length;
  });
  return {
    name: 'every result that the analyser posted went out in its report, once',
    ok: arrived.length === ledger.visits.length,
    detail: `${arrived.length} of ${ledger.visits.length}, with all that was measured`,
  };
}

const findingAt = (findings: unknown, index: number) =>
  valueAt(findings, index, 'valueQuantity', 'value') ?? valueAt(findings, index, 'valueString');

export function repeatedWebhooksAreTakenOnce(evidence: Evidence): Expectation {
  const { analyser, payments } = evidence.world.demo.vendors;
  const posts = [...analyser.sender.accepted, ...payments.sender.accepted];
  const answers = groupBy(posts, ({ labId, eventId }) => `${labId} ${eventId}`);
  const once = [...answers.values()].filter((same) => new Set(same.map(({ logId }) => logId)).size === 1);
  const ids = new Set(posts.map(({ logId }) => logId));
  const logs = webhookLogs(evidence).filter(({ errorCode }) => errorCode !== 'WEBHOOK_REFUSED');
  return {
    name: 'a webhook that was posted twice was taken once, and got the same answer twice',
    ok: posts.length > answers.size && once.length === answers.size && logs.length === ids.size,
    detail: `${posts.length} posts, ${answers.size} events, ${logs.length} logs`,
  };
}

export function theWrongSignatureWasRefused(evidence: Evidence): Expectation {
  const { sent, accepted } = evidence.world.demo.vendors.analyser.sender;
  const refused = sent.filter(({ logId }) => logId === null);
  const logs = webhookLogs(evidence).filter(({ errorCode }) => errorCode === 'WEBHOOK_REFUSED');
  const [log] = logs;
  return {
    name: 'the webhook with a wrong signature was answered 401, logged and not worked on',
    ok:
      refused.length === 1 &&
      refused.every(({ status }) => status === UNAUTHORIZED) &&
      logs.length === 1 &&
      log?.status === 'FAIL' &&
      log.errorClass === 'auth' &&
      accepted.some(({ eventId }) => eventId === refused[0]?.eventId),
    detail: `${logs.length} log: ${log?.errorMessage ?? 'none'}`,
  };
}

export async function theForgottenSamplesResultWasRetried({ world }: Evidence): Promise<Expectation> {
  const { demo, ledger } = world;
  const late = ledger.forgotten;
  const [posted] = late ? demo.vendors.analyser.resultsOf(late.orderId) : [];
  const log = late && posted && (await supportOf(world, late.patient.lab.id).log(posted.logId));
  const [first, second] = log?.attempts ?? [];
  return {
    name: 'a result that came before its sample was entered FAILed as rejected, its retry took the stored request',
    ok:
      log?.status === 'SUCCESS' &&
      log.attempts.length === 2 &&
      first?.errorClass === 'rejected' &&
      second?.trigger === 'manual' &&
      first.request?.body?.text === second.request?.body?.text,
    detail: log?.attempts.map(describeAttempt).join(', then ') ?? 'none',
  };
}

export async function everyBillIsPaid({ world }: Evidence): Promise<Expectation> {
  const { desk } = world.demo;
  const counts = await Promise.all(LABS.map(({ id }) => desk.countPaidBills(id)));
  const paid = counts.reduce((sum, count) => sum + count, 0);
  return {
    name: 'every bill is marked as paid by the webhook of its payment',
    ok: paid === world.ledger.visits.length,
    detail: `${paid} of ${world.ledger.visits.length}`,
  };
}

function webhookLogs(evidence: Evidence): LogView[] {
  const sources = new Set(evidence.world.demo.vendors.senders.map(({ source }) => source.name));
  return allLogs(evidence).filter(({ integrationName }) => sources.has(integrationName));
}
