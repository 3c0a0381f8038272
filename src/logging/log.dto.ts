import { ApiProperty } from '@nestjs/swagger';
import { CALLBACK_KINDS, type CallbackKind } from '../common/callback-receiver.js';
import { ERROR_CLASSES, type ErrorClass } from '../common/error-class.js';
import type { ContextData } from '../common/primitives.js';
import { DIRECTIONS, type Direction, type Extracts, LOG_STATUSES, type LogStatus } from './integration-log.js';

/** What a person has settled about a log that FAILed. */
export class ResolutionDto {
  /** `retried`: it is being delivered again, or was. `resolved`: nothing more is sent. */
  @ApiProperty({ enum: ['retried', 'resolved'] })
  kind!: 'retried' | 'resolved';

  by!: string;

  at!: Date;

  note!: string;
}

/** A manual retry that waits for its try. */
export class WaitingRetryDto {
  requestedBy!: string;

  reason!: string;

  requestedAt!: Date;

  /** The batch that it is part of. */
  batchId?: string;
}

/** Which delivery a webhook answers. */
export class AnsweredDeliveryDto {
  /** By which it was looked for, as the vendor gave it. */
  reference!: string;

  /** `null` where no delivery has lifted that reference from its vendor's answer. */
  logId!: string | null;
}

/** A webhook that answered a delivery. */
export class DeliveryAnswerDto {
  logId!: string;

  type!: string;

  at!: Date;
}

/** Copies of a webhook that came after it, and were answered as it was. */
export class RepeatsDto {
  count!: number;

  /** When the last of them came. */
  lastAt!: Date;
}

export class ToldStatusDto {
  @ApiProperty({ enum: LOG_STATUSES })
  status!: LogStatus;

  /** As in the update itself. */
  sequence!: number;

  /** When the receiver took it. */
  at!: Date;
}

/** How far one receiver has been told of the statuses of a log. */
export class StatusCallbackDto {
  /** `class`: the host's class for the action. `url`: the `statusCallback` of the integration. */
  @ApiProperty({ enum: CALLBACK_KINDS })
  receiver!: CallbackKind;

  /** The last one that it took; those before it were taken or given up. */
  lastTold!: ToldStatusDto | null;

  /** What it has still to be told, in order. */
  @ApiProperty({ enum: LOG_STATUSES, isArray: true })
  untold!: LogStatus[];

  /** When the first of them is told, or tried again; `null` where nothing is untold. */
  nextTryAt!: Date | null;

  /** How often telling the first of them has failed. */
  failures!: number;

  /** Why it failed last. */
  lastError!: string | null;

  /** Statuses that were given up: untold for too long, or nobody was left to be told. */
  givenUp!: number;
}

/** One delivery or one inbound call. */
export class LogDto {
  id!: string;

  tenantId!: string;

  @ApiProperty({ enum: DIRECTIONS })
  direction!: Direction;

  /** `QUEUED`: waits for its first or next try. `SUCCESS`: done. `FAIL`: gave up, a person is needed. */
  @ApiProperty({ enum: LOG_STATUSES })
  status!: LogStatus;

  /** The event it delivers; `null` for a call that no event caused. */
  eventId!: string | null;

  actionId!: number | null;

  actionName!: string | null;

  integrationId!: string | null;

  integrationName!: string;

  vendor!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  context!: ContextData;

  attemptCount!: number;

  @ApiProperty({ enum: ERROR_CLASSES, nullable: true })
  errorClass!: ErrorClass | null;

  errorCode!: string | null;

  errorMessage!: string | null;

  /** When the next try is due; `null` where none will be made by itself, and while it waits for an earlier one of its order. */
  nextAttemptAt!: Date | null;

  /** What was lifted from the vendor's answer, by the names that the integration gives. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  extracts!: Extracts;

  retry!: WaitingRetryDto | null;

  /** Its tries send the body of the last one again, in the place of one that is built from the record. */
  asSent!: boolean;

  /** What a person has settled about it; `null` where nobody has, and again once a retry has FAILed. */
  resolution!: ResolutionDto | null;

  /** Of a webhook: which delivery it answers; `null` where its source names no reference. */
  answers!: AnsweredDeliveryDto | null;

  /** Of a delivery: the webhooks that answered it, in that order; the first 20. */
  answeredBy!: DeliveryAnswerDto[];

  /** Of a webhook: how often the same event came again within the dedupe window of its source; `null` where it did not. */
  repeats!: RepeatsDto | null;

  correlationId!: string;

  /** The log of the call that this one was made in. */
  parentLogId!: string | null;

  occurredAt!: Date;

  createdAt!: Date;

  updatedAt!: Date;

  completedAt!: Date | null;

  /** When the person whom it was about was erased; what was sent and said is gone since. Missing where nobody was. */
  erasedAt?: Date;

  /** Empty where nobody is told. */
  statusCallbacks!: StatusCallbackDto[];
}

export class LogPageDto {
  /** Newest first. */
  items!: LogDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}

export class LogCountDto {
  /** At most 10,000. */
  count!: number;

  /** Whether there are more than that: to be shown as "10,000+". */
  capped!: boolean;
}
