import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { MAX_ACTION_ID } from '../actions/action-definition.js';
import { TenantQueryDto } from '../http/tenant-query.dto.js';
import { IsTimestamp } from '../http/timestamp.decorator.js';
import { ROLLUP_STEPS, type RollupStep } from './rollup-step.js';

/** Which logs, by when they were created. */
export class StatsQueryDto extends TenantQueryDto {
  /** From the step that this time is in. */
  @IsTimestamp()
  from!: Date;

  /** To the step that the last moment before this time is in. Default: now. */
  @IsOptional()
  @IsTimestamp()
  to?: Date;

  /** The time that one point of the series sums up. Default: the finest of at most 750 points. Days are those of UTC. */
  @IsOptional()
  @IsIn(ROLLUP_STEPS)
  step?: RollupStep;

  @IsOptional()
  @IsString()
  @Length(1, 64)
  integrationId?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_ACTION_ID)
  actionId?: number;
}

/** Logs by the status that they have now. */
export class StatusCountsDto {
  QUEUED!: number;

  SUCCESS!: number;

  FAIL!: number;
}

export class TallyDto {
  statuses!: StatusCountsDto;

  /** Logs whose last try failed, by its error class. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' } })
  classes!: Record<string, number>;

  /** First tries by how long they took: one count for each of `durationBoundsMs`, and one for those that took longer. */
  durations!: number[];

  /** The bound that half of the first tries did not exceed; `null` of none, and beyond the last bound. */
  p50Ms!: number | null;

  /** The same of 95 in 100. */
  p95Ms!: number | null;
}

export class StatsPointDto extends TallyDto {
  at!: Date;
}

export class StatsDto {
  /** The begin of the first step. */
  from!: Date;

  /** The end of the last step. */
  to!: Date;

  @ApiProperty({ enum: ROLLUP_STEPS })
  step!: RollupStep;

  /** Upper ends of the classes of duration, in milliseconds. */
  durationBoundsMs!: number[];

  total!: TallyDto;

  /** Steps with logs, the oldest first; those without any are left out. */
  series!: StatsPointDto[];
}
