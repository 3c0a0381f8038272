import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';
import { ERROR_CLASSES, type ErrorClass } from '../../common/error-class.js';
import { TENANT_ID_PATTERN } from '../../common/ids.js';
import { PageQueryDto } from '../../http/page.dto.js';
import { TENANT_ID_MESSAGE } from '../../http/tenant-query.dto.js';
import { BATCH_STATUSES, type BatchStatus } from './batch-selection.js';
import { BATCH_OUTCOMES, BATCH_STATES, type BatchOutcome, type BatchState } from './retry-batch.js';
import { DEFAULT_RATE } from './retry-batch.service.js';

const MAX_IDS = 1_000;

/** Which logs: a filter or a list, one of the two. */
export class BatchSelectionDto {
  /**
   * `FAIL`: logs that FAILed and are not resolved are retried. `SUCCESS`: webhooks that SUCCEEDed are replayed, each as a log
   * of its own with another idempotency key; deliveries that SUCCEEDed are not made again.
   */
  @IsIn(BATCH_STATUSES)
  @ApiPropertyOptional({ enum: BATCH_STATUSES })
  status: BatchStatus = 'FAIL';

  /**
   * The parameters of `GET /v1/logs`, with `context` and `extract` as objects. It must name something, and of webhooks that
   * are to be replayed `direction` (`inbound`) or the `integrationId` of their source; it finds no replays.
   * @example { "integrationId": "int_0190", "errorClass": "transient", "from": "2026-11-03T10:00:00Z" }
   */
  @ValidateIf(({ filter, logIds }: BatchSelectionDto) => filter !== undefined || logIds === undefined)
  @IsObject({ message: 'filter must be an object, or logIds given' })
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  filter?: Record<string, unknown>;

  /** 1 to 1,000 ids. */
  @ValidateIf(({ filter, logIds }: BatchSelectionDto) => logIds !== undefined || filter === undefined)
  @Matches(/^log_\w{1,64}$/, { each: true, message: 'each of logIds must be the id of a log' })
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_IDS)
  @IsArray({ message: 'filter or logIds must be given' })
  @ApiPropertyOptional({ type: [String] })
  logIds?: string[];
}

export class StartBatchDto extends BatchSelectionDto {
  /** Why they are worked on again, for the history: 1 to 500 characters. */
  @IsString()
  @Length(1, 500)
  @Matches(/\S/, { message: 'reason must not be blank' })
  reason!: string;

  /** The `confirm` of the preview of the same selection, at most 15 minutes old. */
  @IsString()
  @MaxLength(512)
  confirm!: string;

  /** Logs that are queued in a second at the most: 1 to 1,000. */
  @IsInt()
  @Min(1)
  @Max(1_000)
  @ApiPropertyOptional({ type: 'integer' })
  ratePerSecond = DEFAULT_RATE;
}

export class BatchGroupDto {
  integrationId!: string | null;

  integrationName!: string;

  @ApiProperty({ enum: ERROR_CLASSES, nullable: true })
  errorClass!: ErrorClass | null;

  count!: number;

  /** When the oldest of them was created. */
  oldestAt!: Date;
}

export class BatchPreviewDto {
  /** Logs that would be retried, or replayed; 100,001 where there are more than a batch takes. */
  count!: number;

  /** The count by integration and class of the last error. */
  groups!: BatchGroupDto[];

  oldestAt!: Date | null;

  /** What to know before. */
  warnings!: string[];

  /** Send it along to start this batch. */
  confirm!: string;
}

export class BatchProgressDto {
  waiting!: number;

  /** Their retries, or replays, have not ended. */
  queued!: number;

  succeeded!: number;

  /** They FAILed again, or their replays did. */
  failed!: number;

  /** There was nothing to retry, or to replay, any more. */
  skipped!: number;

  cancelled!: number;
}

/** Retries of many logs that a person, or a schedule, asked for together; or replays of many webhooks. */
export class RetryBatchDto {
  id!: string;

  tenantId!: string;

  @ApiProperty({ enum: BATCH_STATES })
  state!: BatchState;

  /** Logs that are part of it; `null` while they are being collected. */
  count!: number | null;

  progress!: BatchProgressDto;

  /** Which logs were asked for: `filter`, `ids`, or those of a `schedule`. `erased`: by a filter for somebody who was erased. */
  @ApiProperty({ enum: ['filter', 'ids', 'schedule', 'erased'] })
  kind!: 'filter' | 'ids' | 'schedule' | 'erased';

  /** Whether it retries logs that FAILed, or replays webhooks that SUCCEEDed. */
  @ApiProperty({ enum: BATCH_STATUSES })
  status!: BatchStatus;

  /** Logs that FAILed, or SUCCEEDed, later are not part of it. */
  failedBefore!: Date;

  reason!: string;

  requestedBy!: string;

  ratePerSecond!: number;

  createdAt!: Date;

  finishedAt!: Date | null;
}

export class BatchListQueryDto extends PageQueryDto {
  /** Required with a key of the platform. A tenant's key may name its own tenant only. */
  @IsOptional()
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;
}

export class BatchItemsQueryDto extends BatchListQueryDto {
  @IsOptional()
  @IsIn(BATCH_OUTCOMES)
  outcome?: BatchOutcome;
}

export class BatchExportQueryDto {
  /** Required with a key of the platform. */
  @IsOptional()
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;

  @IsOptional()
  @IsIn(BATCH_OUTCOMES)
  outcome?: BatchOutcome;

  @IsOptional()
  @IsIn(['ndjson', 'csv'])
  @Type(() => String)
  format?: 'ndjson' | 'csv' = 'ndjson';
}

export class RetryBatchPageDto {
  /** Newest first. */
  items!: RetryBatchDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}

export class RetryBatchItemDto {
  logId!: string;

  integrationId!: string;

  @ApiProperty({ enum: BATCH_OUTCOMES })
  outcome!: BatchOutcome;

  /** The error of one that FAILed again, or the reason of one that was skipped. */
  why!: string | null;

  /** The log of its replay; `null` while there is none, and in batches that retry. */
  replayLogId!: string | null;

  updatedAt!: Date;
}

export class RetryBatchItemPageDto {
  /** In the order of the logs' age. */
  items!: RetryBatchItemDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}
