import { BULK_FORMATS, type BulkFormat } from '../bulk/record-reader.js';
import { ApiProperty, ApiPropertyOptional, OmitType, PartialType } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { PauseDto, RetryPolicyChangeDto } from '../../integrations/integration.dto.js';
import { RateLimitInput, RetryPolicyInput } from '../../integrations/integration-input.dto.js';
import { AnswersInput, SourceInput, SourceTrafficInput } from './source-input.dto.js';

const MAX_OVERLAP_SECONDS = 30 * 86_400;

export class CreateSourceDto extends SourceInput {
  /** Required with a key of the platform. */
  tenantId?: string;
}

export class SourceTrafficChangeDto extends PartialType(SourceTrafficInput) {}

/**
 * Any subset of a source's fields. `retryPolicy` and `traffic` are merged field by field; everything else is replaced.
 * Without `verification` its secrets stay as they are; so does the secret of a forward whose URL changes. A new one is made
 * for a forward that comes after another handling.
 */
export class UpdateSourceDto extends PartialType(OmitType(SourceInput, ['retryPolicy', 'traffic'] as const)) {
  retryPolicy?: RetryPolicyChangeDto;

  traffic?: SourceTrafficChangeDto;

  /** The version that the change was made on; where it is no longer the latest the change is refused with 409. */
  version?: number;
}

export class RotateAddressDto {
  /** Seconds for which the addresses before go on being taken: 0 to 2592000, 30 days. */
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  @ApiPropertyOptional({ type: 'integer' })
  overlapSeconds = 86_400;
}

export class SourceAddressDto {
  createdAt!: Date;

  /** When webhooks are no longer taken at it, after a rotation; `null`: it is the current one. */
  validUntil!: Date | null;
}

export class VendorPageDto {
  createdAt!: Date;
}

export class HandlingDto {
  kind!: 'handler' | 'forward' | 'emit';

  /** Of a forward. */
  url?: string;

  /** Of what emits an action. */
  actionId?: number;

  /** Of what emits an action. */
  mapping?: string;
}

/** A source as it is stored. Secrets are not in it. */
export class SourceDto {
  id!: string;

  tenantId!: string;

  name!: string;

  vendor!: string;

  enabled!: boolean;

  /** Why Waybill itself switched it off; `null` where it is on, or a person switched it off. */
  disabledReason!: string | null;

  /** Set while a person has paused it: its webhooks are acknowledged, and wait until a person resumes it. */
  pause!: PauseDto | null;

  /** `kind`, what may be read of its settings, and `secretSet`: whether secrets are stored. */
  @ApiProperty({
    type: 'object',
    properties: { kind: { type: 'string' }, secretSet: { type: 'boolean' } },
    required: ['kind', 'secretSet'],
    additionalProperties: true,
  })
  verification!: Record<string, unknown>;

  eventType!: string | null;

  eventId!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  context!: Record<string, string>;

  dedupeWindowMs!: number;

  mode!: 'async' | 'sync';

  answerWithinMs!: number;

  timeoutMs!: number;

  maxBytes!: number;

  @ApiProperty({ type: RateLimitInput, nullable: true })
  rate!: RateLimitInput | null;

  allowCidrs!: string[];

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  schema!: Record<string, unknown> | null;

  handling!: HandlingDto;

  keepsRefusedBodies!: boolean;

  @ApiProperty({ enum: BULK_FORMATS, nullable: true })
  bulk!: BulkFormat | null;

  retryPolicy!: RetryPolicyInput;

  traffic!: SourceTrafficInput;

  @ApiProperty({ type: AnswersInput, nullable: true })
  answers!: AnswersInput | null;

  /** The newest first. The addresses themselves were shown when they were made. */
  addresses!: SourceAddressDto[];

  /** Of the vendor's developer. Its token was shown when it was made. */
  page!: VendorPageDto;

  /** Counts up by one with each change. */
  version!: number;

  createdAt!: Date;

  updatedAt!: Date;

  /** Who made this version. */
  updatedBy!: string;
}

export class SavedSourceDto extends SourceDto {
  /** `whsec_...`: what the host verifies forwarded webhooks by (Standard Webhooks); `null` where none was made now. */
  forwardSecret!: string | null;
}

/** What is shown in it of secrets is shown only now. */
export class CreatedSourceDto extends SavedSourceDto {
  /**
   * Where the vendor calls, below the address of this installation: in the place of the `/v1/...` of this API.
   * @example "/hooks/0192f0a1b2c3d4e5f60718293a4b5c6d.kq3..."
   */
  address!: string;

  /**
   * Of the page for the vendor's developer, likewise.
   * @example "/source-pages/0192f0a1b2c3d4e5f60718293a4b5c6d.kq3..."
   */
  pageAddress!: string;
}

export class RotatedAddressDto {
  /** Shown only now. */
  address!: string;

  /** The newest first. */
  addresses!: SourceAddressDto[];

  version!: number;
}

export class RotatedPageDto {
  /** Shown only now; the one before is good for nothing any more. */
  pageAddress!: string;

  version!: number;
}

export class SourceListDto {
  /** In the order of their creation. */
  items!: SourceDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}

/** A version of a source, or its deletion. */
export class SourceVersionDto extends SourceDto {
  /** `true`: this version is the deletion, which `updatedBy` made at `updatedAt`; the settings are those it had before. */
  deleted!: boolean;
}

export class SourceVersionPageDto {
  /** The newest first: the one in force, or the deletion. */
  items!: SourceVersionDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}
