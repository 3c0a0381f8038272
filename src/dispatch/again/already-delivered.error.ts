import { WaybillError } from '../../common/waybill.error.js';

export class AlreadyDeliveredError extends WaybillError {
  readonly code = 'ALREADY_DELIVERED';
  readonly stage = 'emit';
  readonly remedy = 'See the preview; where the vendor is to get it twice, send `acceptDuplicate: true` along.';

  constructor(warnings: readonly string[]) {
    super(`It would be delivered twice: ${warnings.join('; ')}`);
  }
}
