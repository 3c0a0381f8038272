import { ApiProperty } from '@nestjs/swagger';
import { IsObject, IsOptional, IsString, Length, Matches } from 'class-validator';
import { TENANT_ID_PATTERN } from '../common/ids.js';
import type { ContextData } from '../common/primitives.js';
import { TENANT_ID_MESSAGE } from '../http/tenant-query.dto.js';

export class EraseDto {
  /** Required with a key of the platform. */
  @IsOptional()
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;

  /**
   * The id of the person, as the contexts of actions have it: one field and its value.
   * @example { "patientId": "P-1042" }
   */
  @IsObject()
  @ApiProperty({ type: 'object', additionalProperties: true })
  context!: ContextData;

  /** Why, without the name of the person: it is kept. */
  @IsString()
  @Length(3, 500)
  @Matches(/\S/, { message: 'reason must not be blank' })
  reason!: string;
}

/** Where a worker was killed at it, the last up to 200 logs before that, and their events, may be missing from the counts. */
export class ErasureCountsDto {
  logs!: number;

  /** Tries beyond the first of each log. */
  attempts!: number;

  /** Bodies that were kept apart and no other log has. */
  payloads!: number;

  /** Deliveries that waited and FAILed with `ERASED`. */
  failed!: number;

  events!: number;
}

/** How far an erasure has come. It does not say whom it was about. */
export class ErasureDto {
  id!: string;

  tenantId!: string;

  /** The name of the context field. */
  field!: string;

  /** SHA-256 (hex) of tenant, field and value, joined by NUL characters: proves an erasure to who knows the id. */
  subjectHash!: string;

  reason!: string;

  requestedBy!: string;

  requestedAt!: Date;

  /** `done`: everything that was there is erased. What comes out of a spool afterwards is erased a day later. */
  @ApiProperty({ enum: ['running', 'done'] })
  state!: 'running' | 'done';

  counts!: ErasureCountsDto;

  finishedAt!: Date | null;
}
