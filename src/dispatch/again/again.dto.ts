import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsDefined, IsObject, IsOptional, IsString, Length, Matches } from 'class-validator';
import type { ContextData } from '../../common/primitives.js';
import { IsActionReference } from '../action-reference.decorator.js';
import { SkippedIntegrationDto } from '../emit.dto.js';
import { PreviewedTryDto } from '../preview/preview.dto.js';

/** A business record, and what is to be said of it again. */
export class AgainDto {
  /**
   * The action's id or its name.
   * @example "patient.registered"
   */
  @IsDefined({ message: 'action must be the id or the name of an action' })
  @IsActionReference()
  @ApiProperty({ oneOf: [{ type: 'integer' }, { type: 'string' }] })
  action!: number | string;

  /**
   * Ids of its context; all of them where the logs know several records with those that are given.
   * @example { "patientId": "P-1042" }
   */
  @IsObject()
  context!: Record<string, unknown>;
}

export class EmitAgainDto extends AgainDto {
  /** Why it is emitted again, for the history: 1 to 500 characters. */
  @IsString()
  @Length(1, 500)
  @Matches(/\S/, { message: 'reason must not be blank' })
  reason!: string;

  /** Whether integrations that have taken it already, or are being sent it, get it once more. */
  @IsBoolean()
  @ApiPropertyOptional({ type: 'boolean' })
  acceptDuplicate = false;

  /** As for an event: one key, one event. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  idempotencyKey?: string;
}

export class AgainDeliveryDto {
  integrationId!: string;

  integrationName!: string;

  vendor!: string;

  /** Why it would come twice; `null` where it would not. */
  duplicate!: string | null;

  next!: PreviewedTryDto;
}

/** What would be delivered to whom. */
export class AgainPreviewDto {
  /** The record's whole context. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  context!: ContextData;

  /** The event that would be repeated: the newest one of the record for this action. */
  repeatsEventId!: string | null;

  deliveries!: AgainDeliveryDto[];

  /** The integrations for this action that would get none. */
  skipped!: SkippedIntegrationDto[];
}

/** The event that an event repeats, and who wanted it. */
export class EventRepeatDto {
  /** `null` where the record had no event of this action. */
  eventId!: string | null;

  by!: string;

  reason!: string;
}

export class AgainResultDto {
  /** Of the new event. */
  id!: string;

  repeats!: EventRepeatDto;

  /** The idempotency key was used before: this is the earlier event, and nothing new was queued. */
  duplicate!: boolean;

  logIds!: string[];

  skipped!: SkippedIntegrationDto[];
}
