import type { RawRequest } from '../../logging/received/raw-request.js';
import { isAddressIn } from '../../security/outbound-http/address-guard.js';
import type { InboundSource } from '../sources/inbound-source.js';

/** Why a caller is none that the source takes requests from; `null` where it is one. */
export function strangerReason(
  { allowCidrs }: InboundSource,
  { clientIp }: Pick<RawRequest, 'clientIp'>,
): string | null {
  if (allowCidrs.length === 0 || isAddressIn(clientIp, allowCidrs)) return null;
  return `it came from ${clientIp}, which is none of the addresses that the source allows`;
}
