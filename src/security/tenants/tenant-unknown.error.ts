import type { TenantId } from '../../common/ids.js';
import { WaybillError } from '../../common/waybill.error.js';

export class TenantUnknownError extends WaybillError {
  readonly code = 'TENANT_UNKNOWN';
  readonly stage = 'request';
  readonly remedy = 'Create the tenant with POST /v1/tenants, or correct the id.';

  constructor(id: TenantId) {
    super(`There is no tenant ${id}`, { details: { tenantId: id } });
  }
}
