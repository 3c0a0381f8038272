import type { IntegrationId } from '../../common/ids.js';
import { WaybillError } from '../../common/waybill.error.js';

export class SourceUnknownError extends WaybillError {
  readonly code = 'SOURCE_UNKNOWN';
  readonly stage = 'config';
  readonly remedy = 'Use a source that GET /v1/sources lists for this tenant.';

  constructor(id: IntegrationId) {
    super(`There is no source ${id}`, { details: { sourceId: id } });
  }
}
