import { WaybillError } from '../../common/waybill.error.js';
import type { FieldFault } from '../../common/field-fault.js';
import { parseAddressRanges } from '../../security/outbound-http/address-guard.js';

/** What is wrong with a list of addresses that are trusted for being what they are. */
export function addressListFaults(field: string, cidrs: readonly string[]): FieldFault[] {
  const fault = (expected: string) => [{ field, expected, received: 'array' }];
  try {
    return parseAddressRanges(cidrs).some(([, bits]) => bits === 0)
      ? fault('must not hold every address there is')
      : [];
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error;
    return fault(`${error.message}. ${error.remedy}`);
  }
}
