import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { ERROR_CLASSES, type ErrorClass } from '../../common/error-class.js';
import { TENANT_ID_PATTERN } from '../../common/ids.js';
import { PageQueryDto } from '../../http/page.dto.js';
import { TENANT_ID_MESSAGE } from '../../http/tenant-query.dto.js';

export class RecordsQueryDto extends PageQueryDto {
  /** Required with a key of the platform. A tenant's key may name its own tenant only. */
  @IsOptional()
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;
}

export class FailedRecordDto {
  /** Where the record ends in the file, from 1. */
  @ApiProperty({ type: 'integer' })
  line!: number;

  @ApiProperty({ enum: ERROR_CLASSES })
  errorClass!: ErrorClass;

  errorCode!: string;

  errorMessage!: string;

  failedAt!: Date;
}

/** How far a file of records has come, and a page of those whose last try failed. */
export class FileRecordsDto {
  /** Every record that ends before or on this line has had a try. */
  @ApiProperty({ type: 'integer' })
  line!: number;

  @ApiProperty({ type: 'integer' })
  succeeded!: number;

  @ApiProperty({ type: 'integer' })
  failed!: number;

  /** Whether its end was reached: there are no further records then. */
  read!: boolean;

  updatedAt!: Date;

  /** In the order of their lines. */
  items!: FailedRecordDto[];

  /** For the next page; `null` on the last one. */
  @ApiProperty({ type: 'string', nullable: true })
  nextCursor!: string | null;
}
