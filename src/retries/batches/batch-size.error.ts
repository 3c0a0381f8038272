import { WaybillError } from '../../common/waybill.error.js';

export class BatchSizeError extends WaybillError {
  readonly code = 'RETRY_BATCH_SIZE';
  readonly stage = 'retry';
  readonly remedy = 'Choose by a narrower or another filter, such as a shorter time, and preview again.';

  constructor(count: number, limit: number) {
    super(count === 0 ? 'No log of the selection can be retried' : `A batch has at most ${limit} logs; these are more`);
  }
}
