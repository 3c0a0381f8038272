import type { IntegrationId } from '../common/ids.js';
import { WaybillError } from '../common/waybill.error.js';

export class VersionConflictError extends WaybillError {
  readonly code = 'INTEGRATION_VERSION_CONFLICT';
  readonly stage = 'request';
  readonly remedy = 'Read the integration again, look at what has changed, and repeat your change on the new version.';

  constructor(id: IntegrationId, expected: number) {
    super(`Integration ${id} is no longer at version ${expected}: somebody else changed it`, {
      details: { integrationId: id, expected },
    });
  }
}
