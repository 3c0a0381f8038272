import { IsString, Length, Matches } from 'class-validator';
import { TENANT_ID_PATTERN } from '../common/ids.js';
import { TENANT_ID_MESSAGE } from './tenant-query.dto.js';

export class CreateTenantDto {
  /**
   * Stable for ever: 1 to 64 lower-case letters, digits, `_` or `-`.
   * @example "lab-12"
   */
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  id!: string;

  /** What people call it. */
  @IsString()
  @Length(1, 120)
  name!: string;
}

export class TenantDto {
  id!: string;

  name!: string;

  createdAt!: Date;
}

export class TenantPageDto {
  /** In the order of their ids. */
  items!: TenantDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}
