import { WaybillError } from '../../common/waybill.error.js';

export class BatchNotConfirmedError extends WaybillError {
  readonly code = 'RETRY_BATCH_NOT_CONFIRMED';
  readonly stage = 'retry';
  readonly remedy = 'Ask for a preview with the same selection, and send its `confirm` along.';

  constructor(why: string) {
    super(`The batch is not confirmed: ${why}`);
  }
}
