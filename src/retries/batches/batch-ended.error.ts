import { WaybillError } from '../../common/waybill.error.js';
import type { RetryBatch } from './retry-batch.js';

export class BatchEndedError extends WaybillError {
  readonly code = 'RETRY_BATCH_ENDED';
  readonly stage = 'retry';
  readonly remedy = 'Read the batch: its state says what has become of it.';

  constructor({ _id, state }: RetryBatch, wanted: string) {
    super(`The batch ${_id} cannot be ${wanted}: it is ${state}`);
  }
}
