import { IsOptional, Matches } from 'class-validator';
import { TENANT_ID_PATTERN } from '../common/ids.js';
import { TENANT_ID_MESSAGE } from '../http/tenant-query.dto.js';
import { NO_TENANT } from './integration-log.js';

export const LOG_TENANT_PATTERN = new RegExp(`${TENANT_ID_PATTERN.source}|^${NO_TENANT.replaceAll(/[()]/g, '\\$&')}$`);

/** Whose log. */
export class LogTenantQueryDto {
  /**
   * Required with a key of the platform; with such a key, `(none)` are the calls that named no tenant. A tenant's key may name
   * its own tenant only.
   */
  @IsOptional()
  @Matches(LOG_TENANT_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;
}
