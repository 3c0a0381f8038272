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
  Trigger,
} from '../logging/integration-log.js';
import type { Execution } from '../logging/log-entry.js';
import { changeOf, type ChangeToTell, kindsOf, seqAfterTry } from '../logging/status-change.js';
import { nextTryAt } from '../retries/retry-decision.js';
import type { Delivery } from './pipeline/delivery.js';
import type { FailVerdict, Verdict } from './pipeline/verdict.js';

/** A delivery whose integration is gone has no policy left: one try, no more. */
const NO_MORE_TRIES: RetryPolicy = { maxAttempts: 1, baseDelayMs: 0, maxDelayMs: 0 };

export interface EndedTry {
  readonly log: IntegrationLog;
  readonly integration: Integration | null;
  readonly verdict: Verdict;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly request: CapturedRequest | null;
  readonly response: CapturedResponse | null;
  /** Given where the record of this try must be the same whoever writes it. */
  readonly executionId?: Attempt['executionId'];
}

/** The record of a try that has ended, and where it leaves the log: done, due again, or given up. */
export function executionOf(ended: EndedTry): Execution {
  const { log, integration, verdict } = ended;
  const now = new Date();
  const number = log.attemptCount + 1;
  const failed = verdict.outcome === 'success' ? null : verdict;
  const policy = integration?.retryPolicy ?? NO_MORE_TRIES;
  const nextAttemptAt = failed && nextTryAt(policy, { ...failed, tries: number - log.budgetFrom }, now, Math.random());
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
  };
  const summary = { ...error, ...endOf(failed, nextAttemptAt, now) };
  const toTell = summary.status === 'QUEUED' ? undefined : toTellOf(log, summary, number, now);
  return { logId: log._id, tenantId: log.tenantId, attempt, summary, ...(toTell ? { toTell } : {}) };
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
  return {
    method: integration.endpoint.method,
    url: redactor.url(request.url.href),
    headers: redactor.headers(request.headers),
    body: captureBody(request.body, limitBytes, (text) => redactor.bodyText(text)),
  };
}

/** What came back, as the log keeps it: a vendor may echo what it was sent. */
export function captureResponse(
  { response }: Delivery,
  redactor: Redactor,
  limitBytes: number,
): CapturedResponse | null {
  if (!response) return null;
  const body = captureBody(response.body, limitBytes, (text) => redactor.bodyText(text));
  return {
    status: response.status,
    headers: redactor.headers(response.headers),
    body: body && { ...body, truncated: body.truncated || response.truncated },
  };
}
