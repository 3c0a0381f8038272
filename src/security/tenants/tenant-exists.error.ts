import type { TenantId } from '../../common/ids.js';
import { WaybillError } from '../../common/waybill.error.js';

export class TenantExistsError extends WaybillError {
  readonly code = 'TENANT_EXISTS';
  readonly stage = 'request';
  readonly remedy = 'Choose another id, or use the tenant that exists.';

  constructor(id: TenantId) {
    super(`There is a tenant ${id} already`, { details: { tenantId: id } });
  }
}
