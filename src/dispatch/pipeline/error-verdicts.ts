import type { ErrorClass } from '../../common/error-class.js';
import { WaybillError } from '../../common/waybill.error.js';
import { TokenRequestError } from '../../integrations/auth/token-request.error.js';
import { ExpressionLimitError } from '../../integrations/expressions/expression-limit.error.js';
import { retryAfterMs } from '../../retries/backoff.js';
import type { FailVerdict } from './verdict.js';

/** Error codes whose class is not their stage's. `retryable` overrules what the class says. */
const BY_CODE: Readonly<Record<string, { errorClass: ErrorClass; retryable?: boolean }>> = {
  INTENT_UNAVAILABLE: { errorClass: 'intent', retryable: true },
  ATTACHMENT_UNAVAILABLE: { errorClass: 'intent', retryable: true },
  ATTACHMENT_PROVIDER_MISSING: { errorClass: 'config' },
  // A process of a newer version may know what this one does not.
  AUTH_KIND_UNKNOWN: { errorClass: 'config', retryable: true },
  TOKEN_ENDPOINT_UNAVAILABLE: { errorClass: 'transient' },
  TOKEN_ENDPOINT_THROTTLED: { errorClass: 'throttled' },
  TOKEN_REFUSED: { errorClass: 'auth' },
  // A process that was started with the new key can read it, and every one can once all are.
  SECRET_KEY_UNKNOWN: { errorClass: 'config', retryable: true },
  TEMPLATE_INVALID: { errorClass: 'config' },
  ACTION_UNKNOWN: { errorClass: 'config', retryable: true },
  DEADLINE_PASSED: { errorClass: 'intent' },
  CONTEXT_INVALID: { errorClass: 'intent' },
  URL_INVALID: { errorClass: 'config' },
  ADDRESS_REFUSED: { errorClass: 'config' },
  REQUEST_INVALID: { errorClass: 'config' },
};

const BY_STAGE: Readonly<Partial<Record<WaybillError['stage'], ErrorClass>>> = {
  intent: 'intent',
  map: 'intent',
  attach: 'intent',
  auth: 'config',
  config: 'config',
  send: 'transient',
};

/** What an error that a pipeline step threw means for the delivery. Reads fields, never messages. */
export function verdictOfError(error: unknown): FailVerdict {
  if (!(error instanceof WaybillError)) {
    return {
      outcome: 'fail',
      errorClass: 'transient',
      errorCode: 'INTERNAL',
      errorMessage: error instanceof Error ? error.message : String(error),
      remedy: "Waybill tries again by itself; if it goes on, look at this process's log.",
      retryAfterMs: null,
    };
  }
  return {
    outcome: 'fail',
    ...classOf(error),
    errorCode: error.code,
    errorMessage: error.message,
    remedy: error.remedy,
    retryAfterMs: error instanceof TokenRequestError ? retryAfterMs(error.retryAfter, new Date()) : null,
  };
}

function classOf(error: WaybillError): { errorClass: ErrorClass; retryable?: boolean } {
  if (error instanceof ExpressionLimitError && error.temporary) return { errorClass: 'transient' };
  return BY_CODE[error.code] ?? { errorClass: BY_STAGE[error.stage] ?? 'transient' };
}
