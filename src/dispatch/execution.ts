import { newExecutionId } from '../common/ids.js';
import type { Redactor } from '../common/redaction.js';
import type { Integration, RetryPolicy } from '../integrations/integration.js';
import { captureBody } from '../logging/body-capture.js';
import type {
  Attempt,
  CapturedRequest,
  CapturedResponse,
  IntegrationLog,
  LogSummary,
  RefusedAnswer,
  Trigger,
} from '../logging/integration-log.js';
import type { Execution } from '../logging/log-entry.js';
import { spanOf } from '../logging/log-span.js';
import { changeOf, type ChangeToTell, kindsOf, seqAfterTry } from '../logging/status-change.js';
import { deadlineOf, nextTryAt } from '../retries/retry-decision.js';
import { DeadlinePassedError } from './pipeline/deadline-passed.error.js';
import type { Delivery } from './pipeline/delivery.js';
import { vendorReason } from './pipeline/vendor-reason.js';
import type { FailVerdict, Verdict } from './pipeline/verdict.js';

/** A delivery whose integration is gone has no policy left: one try, no more. */
const NO_MORE_TRIES: RetryPolicy = { maxAttempts: 1, baseDelayMs: 0, maxDelayMs: 0, waitsMs: null, deadlineMs: null };

export interface EndedTry {
  readonly log: IntegrationLog;
  readonly integration: Pick<Integration, 'version' | 'retryPolicy'> | null;
  readonly verdict: Verdict;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly request: CapturedRequest | null;
  readonly response: CapturedResponse | null;
  readonly refreshedAfter?: RefusedAnswer | null;
  readonly lifted?: Pick<Delivery, 'extracts' | 'extractFaults'> | null;
  /** Given where the record of this try must be the same whoever writes it. */
  readonly executionId?: Attempt['executionId'];
}

/** The record of a try that has ended, and where it leaves the log: done, due again, or given up. */
export function executionOf(ended: EndedTry): Execution {
  const { log, integration, verdict } = ended;
  const now = new Date();
  const number = log.attemptCount + 1;
  const failed = verdict.outcome === 'success' ? null : verdict;
  const { nextAttemptAt, givenUp } = failed ? planOf(ended, failed, now) : NO_FURTHER_TRY;
  const error = {
    errorClass: failed?.errorClass ?? null,
    errorCode: failed?.errorCode ?? null,
    errorMessage: failed?.errorMessage ?? null,
  };
  const attempt: Attempt = {
    executionId: ended.executionId ?? newExecutionId(),
    number,
    trigger: triggerOf(log),
    requestedBy: log.retry?.requestedBy ?? null,
    reason: log.retry?.reason ?? null,
    startedAt: ended.startedAt,
    durationMs: ended.durationMs,
    integrationVersion: integration?.version ?? null,
    outcome: verdict.outcome,
    ...error,
    remedy: failed?.remedy ?? null,
    nextAttemptAt,
    request: ended.request,
    response: ended.response,
    ...rareOf(ended),
  };
  const summary = { ...error, ...givenUp, ...endOf(failed, nextAttemptAt, now), ...extractsOf(attempt) };
  const toTell = summary.status === 'QUEUED' ? undefined : toTellOf(log, summary, number, now);
  return {
    ...idsOf(log),
    attempt,
    summary,
    ...(verdict.outcome === 'success' && verdict.disables !== undefined ? { disables: verdict.disables } : {}),
    ...(failed?.retryAfterMs ? { askedWaitMs: failed.retryAfterMs } : {}),
    ...(toTell ? { toTell } : {}),
  };
}

const idsOf = (log: IntegrationLog) => ({ logId: log._id, tenantId: log.tenantId, span: spanOf(log) });

const NO_FURTHER_TRY = { nextAttemptAt: null, givenUp: {} };

/** When the next try is due. Where that would be too late the try keeps its own error, and the log says why there is none. */
function planOf({ log, integration }: EndedTry, failed: FailVerdict, now: Date) {
  const policy = integration?.retryPolicy ?? NO_MORE_TRIES;
  const tries = log.attemptCount + 1 - log.budgetFrom;
  const dueAt = nextTryAt(policy, { ...failed, tries }, now, Math.random());
  const deadlineAt = dueAt && deadlineOf(policy, log.occurredAt);
  if (!dueAt || !deadlineAt || dueAt <= deadlineAt) return { nextAttemptAt: dueAt, givenUp: {} };
  const { code, message } = new DeadlinePassedError(
    deadlineAt,
    ` before the next try. The last one: ${failed.errorMessage}`,
  );
  return { nextAttemptAt: null, givenUp: { errorCode: code, errorMessage: message } };
}

const extractsOf = ({ extracts }: Attempt) => (extracts ? { extracts } : {});

/** What most tries have none of: their rows have no such fields. */
function rareOf({
  log,
  refreshedAfter,
  lifted,
}: EndedTry): Pick<Attempt, 'asSent' | 'refreshedAfter' | 'extracts' | 'extractFaults'> {
  const { extracts = {}, extractFaults = {} } = lifted ?? {};
  return {
    ...(log.asSent ? { asSent: true as const } : {}),
    ...(refreshedAfter ? { refreshedAfter } : {}),
    ...(Object.keys(extracts).length > 0 ? { extracts } : {}),
    ...(Object.keys(extractFaults).length > 0 ? { extractFaults } : {}),
  };
}

function toTellOf(log: IntegrationLog, summary: LogSummary, number: number, now: Date): ChangeToTell | undefined {
  const kinds = kindsOf(log);
  if (kinds.length === 0) return undefined;
  return { kinds, change: changeOf(summary, now, { seq: seqAfterTry(number), attemptCount: number }) };
}

function endOf(failed: FailVerdict | null, nextAttemptAt: Date | null, now: Date) {
  const status = failed === null ? 'SUCCESS' : nextAttemptAt === null ? 'FAIL' : 'QUEUED';
  return { status, nextAttemptAt, completedAt: nextAttemptAt === null ? now : null } satisfies Partial<LogSummary>;
}

function triggerOf(log: IntegrationLog): Trigger {
  if (log.retry) return 'manual';
  if (log.attemptCount === 0) return 'first';
  return log.errorClass === 'unknown' ? 'recovery' : 'automatic';
}

/** What was sent, as the log keeps it: without credentials, the body cut at the limit. */
export function captureRequest(
  { request, integration }: Delivery,
  redactor: Redactor,
  limitBytes: number,
): CapturedRequest | null {
  if (!request) return null;
  const contentType = request.headers['content-type'] ?? null;
  return {
    method: integration.endpoint.method,
    url: redactor.url(request.url.href),
    headers: redactor.headers(request.headers, 'request'),
    body: captureBody(request.content, limitBytes, (text) => redactor.body(text, 'request', contentType), contentType),
  };
}

/** What came back, as the log keeps it: a vendor may echo what it was sent. */
export function captureResponse(
  { response }: Delivery,
  redactor: Redactor,
  limitBytes: number,
): CapturedResponse | null {
  if (!response) return null;
  const contentType = response.headers['content-type'] ?? null;
  const body = captureBody(
    response.body,
    limitBytes,
    (text) => redactor.body(text, 'response', contentType),
    contentType,
  );
  return {
    status: response.status,
    headers: redactor.headers(response.headers, 'response'),
    body: body && { ...body, truncated: body.truncated || response.truncated },
  };
}

/** The answer before the last one, where the try made two calls. */
export function captureRefusal({ refused }: Delivery, redactor: Redactor): RefusedAnswer | null {
  if (!refused) return null;
  const { at, response } = refused;
  return { at, status: response.status, reason: vendorReason(response.body, redactor) };
}
