import type { IntegrationId } from '../common/ids.js';
import { WaybillError } from '../common/waybill.error.js';

export class IntegrationUnknownError extends WaybillError {
  readonly code = 'INTEGRATION_UNKNOWN';
  readonly stage = 'config';
  readonly remedy = 'Use an integration that GET /v1/integrations lists for this tenant.';

  constructor(id: IntegrationId) {
    super(`There is no integration ${id}`, { details: { integrationId: id } });
  }
}
