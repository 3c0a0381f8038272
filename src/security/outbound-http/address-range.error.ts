import { WaybillError } from '../../common/waybill.error.js';

export class AddressRangeError extends WaybillError {
  readonly code = 'ADDRESS_RANGE_INVALID';
  readonly stage = 'boot';
  readonly remedy = 'Write network.allowCidrs as ranges such as 10.1.0.0/16 or fd00::/8, or as single addresses.';

  constructor(range: string) {
    super(`"${range}" is no range of IP addresses`, { details: { range } });
  }
}
