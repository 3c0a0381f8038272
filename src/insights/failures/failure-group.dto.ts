import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches, ValidateIf } from 'class-validator';
import { ERROR_CLASSES, type ErrorClass } from '../../common/error-class.js';
import { TENANT_ID_PATTERN } from '../../common/ids.js';
import { PageQueryDto } from '../../http/page.dto.js';
import { TENANT_ID_MESSAGE } from '../../http/tenant-query.dto.js';
import { FAILURE_GROUP_STATES, type FailureGroupState } from './failure-group.collection.js';

export class FailureGroupQueryDto extends PageQueryDto {
  /** Required with a key of the platform. A tenant's key may name its own tenant only. */
  @IsOptional()
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;

  @IsOptional()
  @IsIn(FAILURE_GROUP_STATES)
  state?: FailureGroupState;

  @IsOptional()
  @IsString()
  @Length(1, 64)
  integrationId?: string;

  @IsOptional()
  @IsIn(ERROR_CLASSES)
  errorClass?: ErrorClass;
}

/** What is missing stays as it is; `null` takes owner or note away. */
export class UpdateFailureGroupDto {
  /** `resolved`: the next failure opens it again. `acknowledged`: it stays so. */
  @IsOptional()
  @IsIn(FAILURE_GROUP_STATES)
  @ApiProperty({ enum: FAILURE_GROUP_STATES, required: false })
  state?: FailureGroupState;

  /** Who looks after it. */
  @ValidateIf((_group, value) => value !== null && value !== undefined)
  @IsString()
  @Length(1, 120)
  owner?: string | null;

  @ValidateIf((_group, value) => value !== null && value !== undefined)
  @IsString()
  @Length(1, 2_000)
  note?: string | null;
}

export class FailureSampleDto {
  logId!: string;

  /** When it FAILed. */
  at!: Date;
}

/** FAILs of one integration with the same class and the same message, but for the ids, numbers, dates and quoted values in it. */
export class FailureGroupDto {
  id!: string;

  tenantId!: string;

  integrationId!: string | null;

  integrationName!: string;

  vendor!: string | null;

  @ApiProperty({ enum: ERROR_CLASSES })
  errorClass!: ErrorClass;

  /** That of the first failure. */
  errorCode!: string | null;

  /** The message, with `#` for what differs. */
  pattern!: string;

  /** Logs that are FAIL with it now: those that were retried with success are not among them. */
  count!: number;

  firstSeenAt!: Date;

  lastSeenAt!: Date;

  /** The last ten of them, the newest first. */
  samples!: FailureSampleDto[];

  @ApiProperty({ enum: FAILURE_GROUP_STATES })
  state!: FailureGroupState;

  owner!: string | null;

  note!: string | null;

  changedBy!: string | null;

  changedAt!: Date | null;

  resolvedAt!: Date | null;

  /** When a new failure opened it again after it had been resolved. */
  reopenedAt!: Date | null;
}

export class FailureGroupPageDto {
  /** The last seen first. */
  items!: FailureGroupDto[];

  nextCursor!: string | null;
}
