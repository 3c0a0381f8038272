import { isRecord } from '../../common/primitives.js';
import { ADDRESS_REFUSED } from './guarded-lookup.js';
import { CALL_TIMED_OUT } from './outbound.adapter.js';
import type { OutboundErrorCode } from './outbound-request.error.js';

const CODES: Readonly<Record<string, OutboundErrorCode>> = {
  [ADDRESS_REFUSED]: 'ADDRESS_REFUSED',
  [CALL_TIMED_OUT]: 'VENDOR_TIMEOUT',
  ENOTFOUND: 'VENDOR_DNS_FAILED',
  EAI_AGAIN: 'VENDOR_DNS_FAILED',
  EAI_FAIL: 'VENDOR_DNS_FAILED',
  EAI_NODATA: 'VENDOR_DNS_FAILED',
  ECONNREFUSED: 'VENDOR_UNREACHABLE',
  EHOSTUNREACH: 'VENDOR_UNREACHABLE',
  ENETUNREACH: 'VENDOR_UNREACHABLE',
  EHOSTDOWN: 'VENDOR_UNREACHABLE',
  EADDRNOTAVAIL: 'VENDOR_UNREACHABLE',
  ETIMEDOUT: 'VENDOR_UNREACHABLE',
  UND_ERR_CONNECT_TIMEOUT: 'VENDOR_UNREACHABLE',
  EPROTO: 'VENDOR_TLS_FAILED',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'VENDOR_TLS_FAILED',
  SELF_SIGNED_CERT_IN_CHAIN: 'VENDOR_TLS_FAILED',
  HOSTNAME_MISMATCH: 'VENDOR_TLS_FAILED',
  INVALID_CA: 'VENDOR_TLS_FAILED',
  UND_ERR_HEADERS_OVERFLOW: 'VENDOR_ANSWER_UNREADABLE',
  UND_ERR_INVALID_ARG: 'REQUEST_INVALID',
  UND_ERR_NOT_SUPPORTED: 'REQUEST_INVALID',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'REQUEST_INVALID',
  ERR_INVALID_CHAR: 'REQUEST_INVALID',
  ERR_INVALID_HTTP_TOKEN: 'REQUEST_INVALID',
  ERR_UNESCAPED_CHARACTERS: 'REQUEST_INVALID',
};

const PREFIXES: readonly (readonly [string, OutboundErrorCode])[] = [
  ['ERR_TLS_', 'VENDOR_TLS_FAILED'],
  ['ERR_SSL_', 'VENDOR_TLS_FAILED'],
  ['CERT_', 'VENDOR_TLS_FAILED'],
  ['UNABLE_TO_', 'VENDOR_TLS_FAILED'],
  ['HPE_', 'VENDOR_ANSWER_UNREADABLE'],
  ['Z_', 'VENDOR_ANSWER_UNREADABLE'],
  ['ERR__ERROR_', 'VENDOR_ANSWER_UNREADABLE'], // brotli
];

/** The system's code of a failed call, under whatever wraps it; several tried addresses count as the first. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!isRecord(error) && !(error instanceof Error)) return undefined;
  const { code, cause, errors }: { code?: unknown; cause?: unknown; errors?: unknown } = error;
  const inner = Array.isArray(errors) ? systemCodeOf(errors[0]) : systemCodeOf(cause);
  return inner ?? (typeof code === 'string' ? code : undefined);
}

/** What is in neither table broke off a connection that had been made. */
export function outboundCodeOf(systemCode: string | undefined): OutboundErrorCode {
  if (systemCode === undefined) return 'VENDOR_CONNECTION_CLOSED';
  const byPrefix = PREFIXES.find(([prefix]) => systemCode.startsWith(prefix));
  return CODES[systemCode] ?? byPrefix?.[1] ?? 'VENDOR_CONNECTION_CLOSED';
}
