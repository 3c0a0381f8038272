import { Injectable } from '@nestjs/common';
import { FreshCache } from '../common/fresh-cache.js';
import { asTenantId, type TenantId } from '../common/ids.js';
import { kindOf } from '../common/primitives.js';
import type { Principal } from '../security/api-keys/principal.js';
import { TenantService } from '../security/tenants/tenant.service.js';
import { RequestInvalidError } from './request-invalid.error.js';
import { TenantForbiddenError } from './tenant-forbidden.error.js';

/** Tenants are not deleted, so one that was seen may be remembered for long. */
const CACHE_MS = 60_000;

/**
 * The one place that decides for which tenant a call acts. A tenant's key acts for its tenant, named or not; a key of the
 * platform must name one. Every read and write below takes the tenant from here, so another tenant's record is not found.
 */
@Injectable()
export class TenantScope {
  private readonly known = new FreshCache<TenantId, unknown>({
    what: 'a tenant',
    max: 10_000,
    ttlMs: CACHE_MS,
    load: (id) => this.tenants.get(id),
  });

  constructor(private readonly tenants: TenantService) {}

  /**
   * @param named the tenant that the request names, if any
   * @param field where it is named, for the error: `tenantId`, `context.tenantId`
   * @throws TenantForbiddenError when a tenant's key names another tenant.
   * @throws RequestInvalidError when a key of the platform names none.
   * @throws TenantUnknownError when a key of the platform names one that does not exist.
   */
  async resolve(principal: Principal, named: unknown, field = 'tenantId'): Promise<TenantId> {
    const own = principal.tenantId;
    if (own !== null && (named === undefined || named === own)) return own;
    if (typeof named !== 'string') throw notNamed(named, field);
    if (own !== null) throw new TenantForbiddenError();
    const tenantId = asTenantId(named);
    await this.known.get(tenantId);
    return tenantId;
  }
}

const notNamed = (named: unknown, field: string) =>
  new RequestInvalidError([
    {
      field,
      expected: 'must name the tenant, because the API key is one of the platform',
      received: named === undefined ? 'missing' : kindOf(named),
    },
  ]);
