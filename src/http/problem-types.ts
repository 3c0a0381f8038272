export interface ProblemType {
  readonly status: number;
  /** The same for every occurrence of the code (RFC 9457, section 3.1.3). */
  readonly title: string;
  /** `Retry-After`, in seconds, where the caller should come again. */
  readonly retryAfterSeconds?: number;
  /** `Accept-Encoding`: what bodies may be encoded with (RFC 9110, section 12.5.3). */
  readonly acceptEncoding?: string;
}

const UNAVAILABLE_RETRY_SECONDS = 5;

const INTERNAL: ProblemType = { status: 500, title: 'Something went wrong here' };

/** Error code to HTTP status: the one table. A code that is missing here is ours to explain, and answers 500. */
const PROBLEM_TYPES: Readonly<Record<string, ProblemType>> = {
  REQUEST_INVALID: { status: 400, title: 'The request is not valid' },
  BODY_UNREADABLE: { status: 400, title: 'The body cannot be read' },
  CURSOR_INVALID: { status: 400, title: 'The cursor is not valid' },
  REQUEST_REFUSED: { status: 400, title: 'The request was refused' },
  UNAUTHENTICATED: { status: 401, title: 'A valid API key is required' },
  WEBHOOK_REFUSED: { status: 401, title: 'The request was not verified' },
  TENANT_FORBIDDEN: { status: 403, title: 'The API key is not for this tenant' },
  PLATFORM_KEY_REQUIRED: { status: 403, title: 'A key of the platform is required' },
  ROUTE_UNKNOWN: { status: 404, title: 'There is nothing at this address' },
  TENANT_UNKNOWN: { status: 404, title: 'There is no such tenant' },
  EVENT_UNKNOWN: { status: 404, title: 'There is no such event' },
  INTEGRATION_UNKNOWN: { status: 404, title: 'There is no such integration' },
  SOURCE_UNKNOWN: { status: 404, title: 'There is no such source' },
  RETRY_BATCH_UNKNOWN: { status: 404, title: 'There is no such batch of retries' },
  ERASURE_UNKNOWN: { status: 404, title: 'There is no such erasure' },
  HOOK_UNKNOWN: { status: 404, title: 'There is no such address' },
  LOG_UNKNOWN: { status: 404, title: 'There is no such log' },
  RECORDS_UNKNOWN: { status: 404, title: 'There are no such records' },
  FAILURE_GROUP_UNKNOWN: { status: 404, title: 'There is no such failure group' },
  TENANT_EXISTS: { status: 409, title: 'The tenant exists already' },
  ACTION_EXISTS: { status: 409, title: 'The action exists already' },
  INTEGRATION_VERSION_CONFLICT: { status: 409, title: 'Somebody else changed the integration' },
  SOURCE_VERSION_CONFLICT: { status: 409, title: 'Somebody else changed the source' },
  SOURCE_ADDRESSES_TOO_MANY: { status: 409, title: 'Too many addresses at once' },
  SIGNING_OFF: { status: 409, title: 'The deliveries are not signed' },
  SIGNING_KEYS_TOO_MANY: { status: 409, title: 'Too many keys sign at once' },
  AS_SENT_REFUSED: { status: 409, title: 'The body cannot be sent again as it was' },
  LOG_NOT_RESOLVABLE: { status: 409, title: 'The log cannot be settled so' },
  RETRY_BATCH_ENDED: { status: 409, title: 'The batch has ended' },
  RETRY_BATCH_NOT_CONFIRMED: { status: 409, title: 'The batch is not confirmed' },
  RETRY_RUNNING: { status: 409, title: 'The log is being delivered already' },
  ALREADY_DELIVERED: { status: 409, title: 'It would be delivered twice' },
  REQUEST_EXPIRED: { status: 409, title: 'The request of the webhook is kept no longer' },
  LOG_NOT_REPLAYABLE: { status: 409, title: 'The log cannot be replayed' },
  LOG_NOT_RETRYABLE: { status: 409, title: 'The log cannot be retried' },
  REQUEST_TOO_LARGE: { status: 413, title: 'The body is too large' },
  CONTEXT_TOO_LARGE: { status: 413, title: 'The context is too large' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'The body has an unsupported encoding' },
  CONTENT_ENCODING_UNSUPPORTED: {
    status: 415,
    title: 'The body must not be encoded',
    acceptEncoding: 'identity',
  },
  // The request is well-formed and its address right; what it names or holds cannot be worked with.
  ACTION_UNKNOWN: { status: 422, title: 'There is no such action' },
  AGAIN_AMBIGUOUS: { status: 422, title: 'Several records have these context ids' },
  CONTEXT_INVALID: { status: 422, title: 'The context does not fit the action' },
  // draft-ietf-httpapi-idempotency-key-header, section 2.7
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The idempotency key was used for another event' },
  RETRY_BATCH_SIZE: { status: 422, title: 'The batch is empty or too large' },
  INTEGRATION_INVALID: { status: 422, title: 'The integration is not valid' },
  SOURCE_INVALID: { status: 422, title: 'The source is not valid' },
  URL_INVALID: { status: 422, title: 'The URL cannot be used' },
  ADDRESS_REFUSED: { status: 422, title: 'The address must not be called' },
  SEARCH_TOO_SLOW: { status: 422, title: 'The search takes too long' },
  HOOK_BUSY: { status: 503, title: 'No room for more webhooks now', retryAfterSeconds: 5 },
  HOOK_RATE_EXCEEDED: { status: 429, title: 'Too many requests' },
  INTERNAL,
  AUDIT_NOT_RECORDED: {
    status: 503,
    title: 'What is not audited is not done',
    retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS,
  },
  EVENT_NOT_RECORDED: {
    status: 503,
    title: 'The event was not recorded',
    retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS,
  },
  WEBHOOK_NOT_RECORDED: {
    status: 503,
    title: 'The webhook was not recorded',
    retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS,
  },
  SOURCE_CLOSED: { status: 503, title: 'Webhooks are not taken now', retryAfterSeconds: 300 },
  VERIFICATION_UNAVAILABLE: {
    status: 503,
    title: 'The request cannot be verified now',
    retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS,
  },
  DATABASE_UNREACHABLE: {
    status: 503,
    title: 'The database cannot be reached',
    retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS,
  },
};

export const problemTypeOf = (code: string): ProblemType => PROBLEM_TYPES[code] ?? INTERNAL;
