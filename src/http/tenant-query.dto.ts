import { IsOptional, Matches } from 'class-validator';
import { TENANT_ID_PATTERN } from '../common/ids.js';
import { PageQueryDto } from './page.dto.js';

export const TENANT_ID_MESSAGE =
  '$property must be 1 to 64 lower-case letters, digits, _ or -, starting with a letter or a digit';

/** Whose record. */
export class TenantQueryDto {
  /** Required with a key of the platform. A tenant's key may name its own tenant only. */
  @IsOptional()
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;
}

/** Whose records, and which page of them. */
export class TenantPageQueryDto extends PageQueryDto {
  /** Required with a key of the platform. A tenant's key may name its own tenant only. */
  @IsOptional()
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;
}
