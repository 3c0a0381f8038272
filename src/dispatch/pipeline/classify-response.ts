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

/** What a vendor can ask for in any answer, by the header `webhook-delivery` (Svix, "Delivery Control"). */
export type DeliveryControl = 'disable' | 'abort-message';

export const asksFor = (headers: Answer['headers'], control: DeliveryControl) =>
  (headers['webhook-delivery'] ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .includes(control);

/** What is read of an answer that is no success. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What was called. */
  readonly url: string;
}

interface Meaning {
  readonly applies: (answer: Answer) => boolean;
  readonly errorClass: ErrorClass;
  /** By default `HTTP_` and the status. */
  readonly errorCode?: string;
  readonly says: (answer: Answer) => string;
  readonly remedy: string;
}

/** The one table: the first row that applies counts; the last one applies always. */
const MEANINGS: readonly Meaning[] = [
  {
    applies: ({ headers }) => asksFor(headers, 'disable'),
    errorClass: 'gone',
    errorCode: 'VENDOR_DISABLED',
    says: () => 'it wants no more deliveries (webhook-delivery: disable)',
    remedy: 'The integration is disabled now. Ask the vendor why, enable it, then retry the log.',
  },
  {
    applies: ({ status }) => status === HTTP_GONE,
    errorClass: 'gone',
    says: () => 'the endpoint is gone',
    remedy: 'The integration is disabled now. Ask the vendor for the new address, enable it, then retry the log.',
  },
  {
    applies: ({ headers }) => asksFor(headers, 'abort-message'),
    errorClass: 'rejected',
    errorCode: 'VENDOR_ABORTED',
    says: () => 'it does not want this delivery again (webhook-delivery: abort-message)',
    remedy: "See the vendor's answer, correct the record or the mapping, then retry the log.",
  },
  {
    applies: ({ status, headers }) =>
      status === HTTP_TOO_MANY_REQUESTS ||
      (status === HTTP_SERVICE_UNAVAILABLE && headers['retry-after'] !== undefined),
    errorClass: 'throttled',
    says: () => 'too many calls',
    remedy: 'Waybill waits as long as the vendor asks and tries again.',
  },
  {
    applies: ({ status }) => status >= 500 || status === HTTP_REQUEST_TIMEOUT || status === HTTP_TOO_EARLY,
    errorClass: 'transient',
    says: () => 'trouble at the vendor',
    remedy: 'Waybill tries again by itself.',
  },
  {
    applies: ({ status }) => status === 401 || status === 403,
    errorClass: 'auth',
    says: () => 'the credentials were refused',
    remedy: "Correct the integration's credentials, then retry the log.",
  },
  {
    applies: ({ status }) => status >= 300 && status < 400,
    errorClass: 'rejected',
    says: (answer) => `a redirect${placeOf(answer)}, which is not followed`,
    remedy: "Set the integration's URL to where the vendor really listens, then retry the log.",
  },
  {
    applies: () => true,
    errorClass: 'rejected',
    says: () => 'the request was refused',
    remedy: "See the vendor's answer, correct the record or the mapping, then retry the log.",
  },
];

const MAX_PLACE_CHARS = 300;

/** Where a redirect leads, without its query and user-info, which may hold secrets. */
function placeOf({ headers, url }: Answer): string {
  const { location } = headers;
  if (location === undefined || !URL.canParse(location, url)) return '';
  const { protocol, host, pathname } = new URL(location, url);
  return ` to ${`${protocol}//${host}${pathname}`.slice(0, MAX_PLACE_CHARS)}`;
}

/** What an answer that is no success means. */
export function verdictOfAnswer(answer: Answer, now: Date): FailVerdict {
  const { status, headers } = answer;
  const meaning = MEANINGS.find(({ applies }) => applies(answer));
  const { errorClass = 'rejected', errorCode = `HTTP_${status}`, remedy = null } = meaning ?? {};
  return {
    outcome: 'fail',
    errorClass,
    errorCode,
    errorMessage: `The vendor answered ${status}: ${meaning?.says(answer) ?? ''}`,
    remedy,
    retryAfterMs: errorClass === 'throttled' ? retryAfterMs(headers['retry-after'], now) : null,
  };
}
