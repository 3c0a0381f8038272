import { WaybillError } from '../../common/waybill.error.js';

export class BatchUnknownError extends WaybillError {
  readonly code = 'RETRY_BATCH_UNKNOWN';
  readonly stage = 'retry';
  readonly remedy = 'Check the id; GET /v1/retry-batches lists the batches of the tenant.';

  constructor(id: string) {
    super(`There is no batch ${id}`);
  }
}
