import { WaybillError } from '../../common/waybill.error.js';

const REMEDIES = {
  TOKEN_ENDPOINT_UNAVAILABLE:
    'It is retried while it has tries left; ask the vendor whether the token endpoint is down.',
  TOKEN_ENDPOINT_THROTTLED: 'Waybill waits as long as the endpoint asks and tries again.',
  TOKEN_REFUSED: "Correct the integration's credentials, or ask the vendor to allow this client, then retry the log.",
  TOKEN_REQUEST_REFUSED: "Correct the address, scope and other settings in the integration's auth, then retry the log.",
  TOKEN_ANSWER_UNREADABLE:
    "Compare the vendor's answer with the integration's auth settings, correct them, then retry the log.",
} as const;

/**
 * No token could be got. It names the host and what the answer was like, and never says anything of the answer's or the
 * request's content but a registered OAuth error code.
 */
export class TokenRequestError extends WaybillError {
  readonly stage = 'auth';
  readonly remedy: string;
  /** `Retry-After`, as the endpoint wrote it. */
  readonly retryAfter: string | undefined;

  constructor(
    readonly code: keyof typeof REMEDIES,
    host: string,
    problem: string,
    { retryAfter, ...options }: ErrorOptions & { retryAfter?: string | undefined } = {},
  ) {
    super(`No token from ${host}: ${problem}`, { ...options, details: { host } });
    this.remedy = REMEDIES[code];
    this.retryAfter = retryAfter;
  }
}
