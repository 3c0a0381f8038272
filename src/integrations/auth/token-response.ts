import type { OutboundResponse } from '../../security/outbound-http/outbound-http.client.js';
import { TokenRequestError } from './token-request.error.js';

const SUCCESS = { from: 200, to: 299 };
/** Timeout, too early: the same request may pass later. */
const LATER = new Set([408, 425]);
const TOO_MANY_REQUESTS = 429;
const SERVICE_UNAVAILABLE = 503;
const CREDENTIALS = new Set([400, 401, 403]);

/** What goes into a header has no blanks and no control characters (RFC 6750, section 2.1, is stricter still). */
const TOKEN = /^[\x21-\x7e]{1,16384}$/;

export type TokenAnswer = Pick<OutboundResponse, 'status' | 'headers'>;

/**
 * Sorts out an answer that gives no token. A vendor without OAuth's error codes says by 400, 401 and 403 that it refuses the
 * credentials.
 * @throws TokenRequestError
 */
export function requireTokenStatus(host: string, { status, headers }: TokenAnswer): void {
  if (status >= SUCCESS.from && status <= SUCCESS.to) return;
  const retryAfter = headers['retry-after'];
  if (status === TOO_MANY_REQUESTS || (status === SERVICE_UNAVAILABLE && retryAfter !== undefined))
    throw new TokenRequestError('TOKEN_ENDPOINT_THROTTLED', host, `it answered ${status}`, { retryAfter });
  if (status >= 500 || LATER.has(status))
    throw new TokenRequestError('TOKEN_ENDPOINT_UNAVAILABLE', host, `it answered ${status}`);
  if (CREDENTIALS.has(status))
    throw new TokenRequestError('TOKEN_REFUSED', host, `it answered ${status}, the credentials were refused`);
  throw new TokenRequestError('TOKEN_REQUEST_REFUSED', host, `it answered ${status}`);
}

/** @throws TokenRequestError where it cannot stand in a header. */
export function requireToken(host: string, token: unknown, where: string): string {
  if (typeof token === 'string' && TOKEN.test(token)) return token;
  const expected = 'a text of 1 to 16384 printable ASCII characters without blanks';
  throw new TokenRequestError(
    'TOKEN_ANSWER_UNREADABLE',
    host,
    `${where} of its answer must be ${expected} (received: ${typeof token === 'string' ? 'another text' : typeof token})`,
  );
}
