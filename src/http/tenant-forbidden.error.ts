import { WaybillError } from '../common/waybill.error.js';

/** Says nothing about whether the other tenant exists. */
export class TenantForbiddenError extends WaybillError {
  readonly code = 'TENANT_FORBIDDEN';
  readonly stage = 'request';
  readonly remedy = 'Leave the tenant out, name your own, or use a key of that tenant or of the platform.';

  constructor() {
    super('The API key belongs to another tenant than the one that is named; it acts for its own only');
  }
}
