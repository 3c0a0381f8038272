import type { IntegrationId } from '../../common/ids.js';
import { WaybillError } from '../../common/waybill.error.js';

export class SourceVersionConflictError extends WaybillError {
  readonly code = 'SOURCE_VERSION_CONFLICT';
  readonly stage = 'request';
  readonly remedy = 'Read the source again, look at what has changed, and repeat your change on the new version.';

  constructor(id: IntegrationId, expected: number) {
    super(`Source ${id} is no longer at version ${expected}: somebody else changed it`, {
      details: { sourceId: id, expected },
    });
  }
}
