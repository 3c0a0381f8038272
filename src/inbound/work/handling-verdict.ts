import type { ErrorClass } from '../../common/error-class.js';
import type { Redactor } from '../../common/redaction.js';
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
  const status = exceptionAnswerOf(error)?.status;
  const errorClass: ErrorClass = status === undefined ? 'transient' : faultOfStatus(status).errorClass;
  return {
    outcome: 'fail',
    errorClass,
    errorCode: status === undefined ? 'HANDLER_FAILED' : `HTTP_${status}`,
    errorMessage: (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE_CHARS),
    remedy: errorClass === 'transient' ? TRIES_AGAIN : 'Correct what the handler says, then retry the log.',
    retryAfterMs: null,
  };
}

/** A host's error may hold a value of the webhook. `redactor`: `null` where nobody knows what is to be hidden. */
export const shownFailure = (failure: FailVerdict, redactor: Redactor | null): FailVerdict => ({
  ...failure,
  errorMessage: redactor?.text(failure.errorMessage) ?? failure.errorCode,
});

const UNPROCESSABLE = 422;
const SCHEMA_NOT_MET = 'The webhook does not meet the schema of its source';

/** What the caller of a `sync` source is told of an error: what is wrong with the webhook, nothing of what is wrong here. */
export function answerOfHandling(error: unknown): HandlerAnswer {
  if (error instanceof WebhookInvalidError)
    return { status: UNPROCESSABLE, body: { code: error.code, detail: error.message, faults: error.faults } };
  if (error instanceof BodySchemaError)
    return { status: UNPROCESSABLE, body: { code: error.code, detail: SCHEMA_NOT_MET, faults: fieldsOf(error) } };
  if (error instanceof ForwardRefusedError && error.status < 500)
    return { status: error.status, body: { code: error.code } };
  const answer = exceptionAnswerOf(error);
  return answer && answer.status < 500 ? answer : { status: 500, body: { code: 'HANDLER_FAILED' } };
}

const fieldsOf = ({ faults }: BodySchemaError) =>
  faults.map(({ place, rule }) => ({ field: place === '' ? 'body' : place, expected: rule }));
