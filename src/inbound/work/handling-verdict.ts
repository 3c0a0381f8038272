import type { ErrorClass } from '../../common/error-class.js';
import type { Redactor } from '../../common/redaction.js';
import { isRecord } from '../../common/primitives.js';
import { WaybillError } from '../../common/waybill.error.js';
import { verdictOfError } from '../../dispatch/pipeline/error-verdicts.js';
import type { FailVerdict } from '../../dispatch/pipeline/verdict.js';
import { BodySchemaError } from '../../integrations/schemas/body-schema.error.js';
import { exceptionAnswerOf, faultOfStatus } from '../../logging/decorator/call-fault.js';
import { RecordsFailedError } from '../bulk/records-failed.error.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import { WebhookInvalidError } from '../handlers/webhook-invalid.error.js';
import { ForwardRefusedError } from './forward-refused.error.js';

const TRIES_AGAIN = "Waybill tries again by itself; if it goes on, look at this process's log.";
const MAX_MESSAGE_CHARS = 4_096;

/** Codes whose class their stage does not tell. `retryable`: a process of a newer version may have what this one lacks. */
const BY_CODE: Readonly<Record<string, Pick<FailVerdict, 'errorClass' | 'retryable'>>> = {
  WEBHOOK_INVALID: { errorClass: 'rejected' },
  BODY_SCHEMA_FAILED: { errorClass: 'rejected' },
  HANDLER_MISSING: { errorClass: 'config', retryable: true },
  REQUEST_EXPIRED: { errorClass: 'intent' },
  SOURCE_GONE: { errorClass: 'config' },
};

/**
 * What an error of a handler means for its webhook. A host's own exception is worth another try, unless it says by the
 * status of its answer that the webhook is at fault.
 */
export function verdictOfHandling(error: unknown): FailVerdict {
  if (error instanceof ForwardRefusedError) return error.verdict;
  if (error instanceof RecordsFailedError) return { ...verdictOfError(error), errorClass: error.errorClass };
  if (error instanceof WaybillError) return { ...verdictOfError(error), ...BY_CODE[error.code] };
  const status = meantAnswerOf(error)?.status;
  const errorClass: ErrorClass = status === undefined ? 'transient' : faultOfStatus(status).errorClass;
  return {
    outcome: 'fail',
    errorClass,
    errorCode: status === undefined ? 'HANDLER_FAILED' : `HTTP_${status}`,
    errorMessage: messageOf(error).slice(0, MAX_MESSAGE_CHARS),
    remedy: errorClass === 'transient' ? TRIES_AGAIN : 'Correct what the handler says, then retry the log.',
    retryAfterMs: null,
  };
}

/** A host's error may hold a value of the webhook. `redactor`: `null` where nobody knows what is to be hidden. */
export const shownFailure = (failure: FailVerdict, redactor: Redactor | null): FailVerdict => ({
  ...failure,
  errorMessage: redactor?.text(failure.errorMessage) ?? failure.errorCode,
});

function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'Something was thrown that is no error and no text';
  }
}

const UNPROCESSABLE = 422;
const SCHEMA_NOT_MET = 'The webhook does not meet the schema of its source';

/** What the caller is told of what is wrong here. */
export const HANDLER_FAILED: HandlerAnswer = { status: 500, body: { code: 'HANDLER_FAILED' } };

/** What the caller of a `sync` source is told of an error: what is wrong with the webhook, nothing of what is wrong here. */
export function answerOfHandling(error: unknown): HandlerAnswer {
  if (error instanceof WebhookInvalidError)
    return { status: UNPROCESSABLE, body: { code: error.code, detail: error.message, faults: error.faults } };
  if (error instanceof BodySchemaError)
    return { status: UNPROCESSABLE, body: { code: error.code, detail: SCHEMA_NOT_MET, faults: fieldsOf(error) } };
  const answer = error instanceof ForwardRefusedError ? error.answer : meantAnswerOf(error);
  return answer && answer.status >= 400 && answer.status < 500 ? answer : HANDLER_FAILED;
}

/**
 * What an exception says that is meant for the caller: Nest's, and those of `http-errors` that may be shown. Clients of
 * databases and of HTTP have errors with a status too, which is that of somebody else's answer.
 */
function meantAnswerOf(error: unknown): HandlerAnswer | null {
  const isMeant = isRecord(error) && (typeof error['getStatus'] === 'function' || error['expose'] === true);
  const answer = isMeant ? exceptionAnswerOf(error) : null;
  return answer && Number.isInteger(answer.status) && answer.status >= 400 && answer.status < 600 ? answer : null;
}

const fieldsOf = ({ faults }: BodySchemaError) =>
  faults.map(({ place, rule }) => ({ field: place === '' ? 'body' : place, expected: rule }));
