import type { ErasureId } from '../common/ids.js';
import { WaybillError } from '../common/waybill.error.js';

export class ErasureUnknownError extends WaybillError {
  readonly code = 'ERASURE_UNKNOWN';
  readonly stage = 'request';
  readonly remedy = 'Correct the id; POST /v1/erasures answered it.';

  constructor(id: ErasureId) {
    super(`There is no erasure ${id}`, { details: { erasureId: id } });
  }
}
