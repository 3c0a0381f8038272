import type { IntegrationId } from '../../common/ids.js';
import { WaybillError } from '../../common/waybill.error.js';

export class SourceAddressesTooManyError extends WaybillError {
  readonly code = 'SOURCE_ADDRESSES_TOO_MANY';
  readonly stage = 'request';
  readonly remedy = 'Wait until an older address has ended, or end all of them now with overlapSeconds 0.';

  constructor(id: IntegrationId, max: number) {
    super(`The source ${id} would have more than ${max} addresses`, { details: { sourceId: id } });
  }
}
