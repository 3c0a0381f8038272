import { WaybillError } from '../../common/waybill.error.js';

export type OutboundErrorCode =
  | 'VENDOR_TIMEOUT'
  | 'VENDOR_UNREACHABLE'
  | 'VENDOR_DNS_FAILED'
  | 'VENDOR_CONNECTION_CLOSED'
  | 'VENDOR_TLS_FAILED'
  | 'VENDOR_ANSWER_UNREADABLE'
  | 'ADDRESS_REFUSED'
  | 'URL_INVALID'
  | 'REQUEST_INVALID';

interface Meaning {
  readonly message: (host: string) => string;
  readonly remedy: string;
  readonly retryable: boolean;
}

const MEANINGS: Readonly<Record<OutboundErrorCode, Meaning>> = {
  VENDOR_TIMEOUT: {
    message: (host) => `${host} did not answer completely in time`,
    remedy: 'It is retried while it has tries left; ask the vendor, or raise the time limit of the integration.',
    retryable: true,
  },
  VENDOR_UNREACHABLE: {
    message: (host) => `${host} refuses connections or cannot be reached`,
    remedy: 'It is retried while it has tries left; ask the vendor whether the service is down, and check firewalls.',
    retryable: true,
  },
  VENDOR_DNS_FAILED: {
    message: (host) => `The name ${host} cannot be resolved`,
    remedy: 'It is retried while it has tries left; check the host name in the URL, then the name servers.',
    retryable: true,
  },
  VENDOR_CONNECTION_CLOSED: {
    message: (host) => `${host} closed the connection before its answer was complete`,
    remedy:
      'It is retried while it has tries left; the vendor may or may not have taken the call and can tell by its delivery id.',
    retryable: true,
  },
  VENDOR_TLS_FAILED: {
    message: (host) => `No secure connection to ${host} could be made`,
    remedy: "It is retried while it has tries left; ask the vendor to check the server's certificate and TLS version.",
    retryable: true,
  },
  VENDOR_ANSWER_UNREADABLE: {
    message: (host) => `${host} answered with something that is not valid HTTP or not compressed as it says`,
    remedy: 'It is retried while it has tries left; ask the vendor to check the server or the proxy in front of it.',
    retryable: true,
  },
  ADDRESS_REFUSED: {
    message: (host) => `${host} is or resolves to an address that must not be called`,
    remedy: 'Use a public address, or have the operator add the range to network.allowCidrs.',
    retryable: false,
  },
  URL_INVALID: {
    message: () => 'The URL is not an absolute http or https URL without user name and password',
    remedy: 'Correct the URL of the integration; credentials belong into its auth settings.',
    retryable: false,
  },
  REQUEST_INVALID: {
    message: (host) => `The request to ${host} is not valid HTTP`,
    remedy: 'Remove line breaks and other control characters from the header values of the integration.',
    retryable: false,
  },
};

/**
 * A call that has no answer. It names the host at most: no path, query, header or body. `status` is set where the
 * vendor's headers had come before the call failed.
 */
export class OutboundRequestError extends WaybillError {
  readonly stage = 'send';
  readonly remedy: string;
  readonly retryable: boolean;

  constructor(
    readonly code: OutboundErrorCode,
    readonly host: string,
    details: { systemCode?: string; status?: number; durationMs?: number } = {},
  ) {
    super(MEANINGS[code].message(host), { details: { host, ...details } });
    this.remedy = MEANINGS[code].remedy;
    this.retryable = MEANINGS[code].retryable;
  }
}
