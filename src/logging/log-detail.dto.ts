import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ERROR_CLASSES, type ErrorClass } from '../common/error-class.js';
import {
  type Attempt,
  type Direction,
  DIRECTIONS,
  type Extracts,
  LOG_STATUSES,
  type LogStatus,
  OUTCOMES,
  type Trigger,
} from './integration-log.js';
import { LogDto } from './log.dto.js';

/** A body as it was kept: redacted, and cut at a limit. */
export class CapturedBodyDto {
  /** As its sender named it. */
  contentType!: string | null;

  /** `null` where the body is binary: type, size and hash say what it was. A file within a body stands as a note of those. */
  text!: string | null;

  /** Of the whole body, before it was cut. */
  sizeBytes!: number;

  sha256!: string;

  /** Whether its end is not kept. */
  truncated!: boolean;

  /** Bytes of the redacted text that were cut off. */
  cutBytes!: number;

  /** When the text was removed, because its time was over or somebody was erased. Missing while it is kept. */
  removedAt?: Date;

  /** The text is kept, but the tries of this log have more than the 32 MiB that one answer holds; the latest come first. */
  leftOut?: boolean;
}

export class CapturedRequestDto {
  /** Of HTTP; `CALL` of a decorated method, `JOB` of a decorated processor. */
  method!: string;

  url!: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  headers!: Record<string, string>;

  body!: CapturedBodyDto | null;

  /** Who called, where somebody did over HTTP. */
  clientIp?: string;
}

export class CapturedResponseDto {
  status!: number;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  headers!: Record<string, string>;

  body!: CapturedBodyDto | null;
}

/** An answer for which the token was renewed and the call made again. */
export class RefusedAnswerDto {
  at!: Date;

  status!: number;

  /** What the vendor said. */
  reason!: string | null;
}

/** One try, as it happened. */
export class AttemptDto {
  executionId!: string;

  /** From 1. */
  number!: number;

  /** `recovery`: the process of the try before died in mid-call. */
  @ApiProperty({ enum: ['first', 'automatic', 'manual', 'recovery'] })
  trigger!: Trigger;

  /** Who asked for a manual retry. */
  requestedBy!: string | null;

  /** Why they asked. */
  reason!: string | null;

  startedAt!: Date;

  durationMs!: number;

  /** The version of the integration it was made with. */
  integrationVersion!: number | null;

  /**
   * `running`: a decorated method that has not ended yet. `unknown`: the process died in mid-call; nobody knows whether the
   * vendor took it.
   */
  @ApiProperty({ enum: OUTCOMES })
  outcome!: Attempt['outcome'];

  @ApiProperty({ enum: ERROR_CLASSES, nullable: true })
  errorClass!: ErrorClass | null;

  errorCode!: string | null;

  errorMessage!: string | null;

  /** What a person can do about the error. */
  remedy!: string | null;

  nextAttemptAt!: Date | null;

  request!: CapturedRequestDto | null;

  response!: CapturedResponseDto | null;

  /**
   * Where the vendor refused the token of a first call: how it answered. `request` and `response` are those of the second.
   * Missing where one call was made.
   */
  refreshedAfter?: RefusedAnswerDto;

  /** What was lifted from the answer; missing where nothing was. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  extracts?: Extracts;

  /** Why an extract has no value, by its name. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  extractFaults?: Record<string, string>;

  /** It sent the body of the try before it again. */
  asSent?: true;

  /** It ended after another worker had taken the delivery over; it did not move the log. */
  superseded!: boolean;
}

/** A decorated call that was made in another one, or a delivery that was emitted in it. */
export class ChildLogDto {
  id!: string;

  /** As `integrationName` of its log. */
  name!: string;

  @ApiProperty({ enum: DIRECTIONS })
  direction!: Direction;

  @ApiProperty({ enum: LOG_STATUSES })
  status!: LogStatus;

  @ApiProperty({ enum: ERROR_CLASSES, nullable: true })
  errorClass!: ErrorClass | null;

  errorCode!: string | null;

  createdAt!: Date;

  completedAt!: Date | null;
}

/** A log with every try that was made. */
export class LogDetailDto extends LogDto {
  /** In the order they were made. */
  attempts!: AttemptDto[];

  /** What was called and emitted in this call, in that order; the first 100. */
  children!: ChildLogDto[];
}
