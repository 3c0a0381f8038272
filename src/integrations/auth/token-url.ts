import type { FieldFault } from '../../common/field-fault.js';
import { WaybillError } from '../../common/waybill.error.js';
import { AddressGuard } from '../../security/outbound-http/address-guard.js';
import { checkEndpointUrl } from '../../security/outbound-http/url-safety.js';
import type { AuthCheckContext } from './auth-kind.js';

const PUBLIC_ONLY = new AddressGuard([]);

/**
 * What is wrong with the address of a token or login endpoint. Credentials are sent there, so plain http is taken for
 * private addresses only, such as one in the same cluster (RFC 6749, section 3.2, wants TLS). `why` tells another reason.
 */
export function tokenUrlFaults(
  field: string,
  url: string,
  { allowCidrs }: AuthCheckContext,
  why = 'credentials are sent there',
): FieldFault[] {
  const fault = (expected: string) => [{ field, expected, received: 'string' }];
  if (/[{}]/.test(url)) return fault('must not hold placeholders');
  try {
    checkEndpointUrl(url, allowCidrs);
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error;
    return fault(`${error.message}. ${error.remedy}`);
  }
  return url.toLowerCase().startsWith('https:') || isPrivate(new URL(url).hostname)
    ? []
    : fault(`must be https: ${why}`);
}

const isPrivate = (hostname: string) =>
  hostname === 'localhost' || (/^[\d.]+$|^\[/.test(hostname) && !PUBLIC_ONLY.allows(hostname.replace(/^\[|\]$/g, '')));
