import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsObject,
  IsOptional,
  IsString,
  Length,
} from 'class-validator';
import { ProblemDto } from '../http/problem.dto.js';
import { IsTimestamp } from '../http/timestamp.decorator.js';
import { IsActionReference } from './action-reference.decorator.js';

const MAX_BATCH_EVENTS = 1_000;

/** Something that happened. */
export class EmitEventDto {
  /**
   * The action's id or its name.
   * @example "patient.registered"
   */
  @IsDefined({ message: 'action must be the id or the name of an action' })
  @IsActionReference()
  @ApiProperty({ oneOf: [{ type: 'integer' }, { type: 'string' }] })
  action!: number | string;

  /**
   * The fields that the action declares: ids and primitives. A key of the platform names the tenant here as `tenantId`.
   * @example { "patientId": "P-1042" }
   */
  @IsObject()
  context!: Record<string, unknown>;

  /** When it happened, where that is not now. */
  @IsOptional()
  @IsTimestamp()
  occurredAt?: Date;

  /** The same as the header `Idempotency-Key`: one key, one event, however often it is sent. 1 to 255 characters. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  idempotencyKey?: string;
}

export class EmitBatchDto {
  /** 1 to 1,000 events; each is recorded or refused on its own. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_BATCH_EVENTS)
  @ApiProperty({ type: [EmitEventDto] })
  events!: unknown[];
}

export class PlannedDeliveryDto {
  logId!: string;

  integrationId!: string;
}

export class SkippedIntegrationDto {
  integrationId!: string;

  /** `disabled`: it is switched off. `filtered`: its filter was not true for this event. */
  reason!: 'disabled' | 'filtered';
}

export class EmitResultDto {
  eventId!: string;

  /** The idempotency key was used before: this is the earlier event, and nothing new was queued. */
  duplicate!: boolean;

  /** One log for each integration that gets a delivery. */
  deliveries!: PlannedDeliveryDto[];

  /** The integrations for this action that get none. */
  skipped!: SkippedIntegrationDto[];
}

export class BatchItemDto {
  /** `accepted`: recorded. `duplicate`: it was there already. `refused`: nothing was recorded; `problem` says why. */
  status!: 'accepted' | 'duplicate' | 'refused';

  result?: EmitResultDto;

  problem?: ProblemDto;
}

export class EmitBatchResultDto {
  accepted!: number;

  duplicate!: number;

  refused!: number;

  /** One for each event, in the order they were sent. */
  results!: BatchItemDto[];
}
