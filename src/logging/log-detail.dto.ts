import { ApiProperty } from '@nestjs/swagger';
import { ERROR_CLASSES, type ErrorClass } from '../common/error-class.js';
import type { Trigger } from './integration-log.js';
import { LogDto } from './log.dto.js';

/** A body as it was kept: redacted, and cut at a limit. */
export class CapturedBodyDto {
  /** `null` where the body was empty or binary. */
  text!: string | null;

  /** Of the whole body, before it was cut. */
  sizeBytes!: number;

  sha256!: string;

  truncated!: boolean;
}

export class CapturedRequestDto {
  method!: string;

  url!: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  headers!: Record<string, string>;

  body!: CapturedBodyDto | null;
}

export class CapturedResponseDto {
  status!: number;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  headers!: Record<string, string>;

  body!: CapturedBodyDto | null;
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

  /** `unknown`: the process died in mid-call; nobody knows whether the vendor took it. */
  outcome!: 'success' | 'fail' | 'unknown';

  @ApiProperty({ enum: ERROR_CLASSES, nullable: true })
  errorClass!: ErrorClass | null;

  errorCode!: string | null;

  errorMessage!: string | null;

  /** What a person can do about the error. */
  remedy!: string | null;

  nextAttemptAt!: Date | null;

  request!: CapturedRequestDto | null;

  response!: CapturedResponseDto | null;

  /** It ended after another worker had taken the delivery over; it did not move the log. */
  superseded!: boolean;
}

/** A log with every try that was made. */
export class LogDetailDto extends LogDto {
  /** In the order they were made. */
  attempts!: AttemptDto[];
}
