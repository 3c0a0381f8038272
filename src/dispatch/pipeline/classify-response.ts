import type { ErrorClass } from '../../common/error-class.js';
import type { SuccessRule } from '../../integrations/integration.js';
import { retryAfterMs } from '../../retries/backoff.js';
import type { FailVerdict } from './verdict.js';

const HTTP_REQUEST_TIMEOUT = 408;
const HTTP_GONE = 410;
const HTTP_TOO_EARLY = 425;
const HTTP_TOO_MANY_REQUESTS = 429;
const HTTP_SERVICE_UNAVAILABLE = 503;

export function statusMatches({ statuses }: SuccessRule, status: number): boolean {
  return statuses.some((range) => {
    const [from = Number.NaN, to = from] = range.split('-').map(Number);
    return status >= from && status <= to;
  });
}

interface Meaning {
  readonly applies: (status: number, hasRetryAfter: boolean) => boolean;
  readonly errorClass: ErrorClass;
  readonly says: string;
  readonly remedy: string;
}

/** The first row that applies counts; the last one applies always. */
const MEANINGS: readonly Meaning[] = [
  {
    applies: (status, hasRetryAfter) =>
      status === HTTP_TOO_MANY_REQUESTS || (status === HTTP_SERVICE_UNAVAILABLE && hasRetryAfter),
    errorClass: 'throttled',
    says: 'too many calls',
    remedy: 'Waybill waits as long as the vendor asks and tries again.',
  },
  {
    applies: (status) => status >= 500 || status === HTTP_REQUEST_TIMEOUT || status === HTTP_TOO_EARLY,
    errorClass: 'transient',
    says: 'trouble at the vendor',
    remedy: 'Waybill tries again by itself.',
  },
  {
    applies: (status) => status === 401 || status === 403,
    errorClass: 'auth',
    says: 'the credentials were refused',
    remedy: "Correct the integration's credentials, then retry the log.",
  },
  {
    applies: (status) => status === HTTP_GONE,
    errorClass: 'gone',
    says: 'the endpoint is gone',
    remedy: 'The integration is disabled now. Ask the vendor for the new address, enable it, then retry the log.',
  },
  {
    applies: (status) => status >= 300 && status < 400,
    errorClass: 'rejected',
    says: 'a redirect, which is not followed',
    remedy: "Set the integration's URL to where the vendor really listens, then retry the log.",
  },
  {
    applies: () => true,
    errorClass: 'rejected',
    says: 'the request was refused',
    remedy: "See the vendor's answer, correct the record or the mapping, then retry the log.",
  },
];

/** What a status that is no success means. */
export function verdictOfStatus(status: number, headers: Readonly<Record<string, string>>, now: Date): FailVerdict {
  const retryAfter = headers['retry-after'];
  const [meaning] = MEANINGS.filter(({ applies }) => applies(status, retryAfter !== undefined));
  const { errorClass = 'rejected', says = '', remedy = null } = meaning ?? {};
  return {
    outcome: 'fail',
    errorClass,
    errorCode: `HTTP_${status}`,
    errorMessage: `The vendor answered ${status}: ${says}`,
    remedy,
    retryAfterMs: errorClass === 'throttled' ? retryAfterMs(retryAfter, now) : null,
  };
}
