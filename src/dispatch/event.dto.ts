import { ApiProperty } from '@nestjs/swagger';
import type { ContextData } from '../common/primitives.js';
import { EventRepeatDto } from './again/again.dto.js';
import { SkippedIntegrationDto } from './emit.dto.js';

export class EventDeliveryDto {
  logId!: string;

  integrationId!: string;

  integrationName!: string;

  vendor!: string;

  /** Why the integration's filter could not be evaluated; the log then FAILed at once. */
  filterError!: string | null;
}

/** An event, and what was decided about it. */
export class EventDto {
  id!: string;

  tenantId!: string;

  actionId!: number;

  actionName!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  context!: ContextData;

  idempotencyKey!: string | null;

  /** Only where a person has had it emitted again. */
  repeats?: EventRepeatDto;

  correlationId!: string;

  /** The log of the decorated call that emitted it; missing where none did. */
  parentLogId?: string;

  occurredAt!: Date;

  createdAt!: Date;

  deliveries!: EventDeliveryDto[];

  skipped!: SkippedIntegrationDto[];

  /** Why nothing at all was sent; `null` where there are deliveries. */
  unmatchedReason!: 'no_integration' | 'all_skipped' | null;

  /** How often the same idempotency key came again. */
  duplicateCount!: number;

  lastDuplicateAt!: Date | null;
}
