import { RedactionInput } from '../http/redaction.dto.js';
import { ApiProperty, OmitType, PartialType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { MAX_ACTION_ID } from '../actions/action-definition.js';
import { TENANT_ID_PATTERN } from '../common/ids.js';
import { PageQueryDto } from '../http/page.dto.js';
import { TENANT_ID_MESSAGE } from '../http/tenant-query.dto.js';
import {
  AttachmentInput,
  EndpointInput,
  IntegrationInput,
  RetryPolicyInput,
  RetryRulesInput,
  RetryScheduleInput,
  StatusCallbackInput,
  SuccessRuleInput,
  TrafficInput,
} from './integration-input.dto.js';
import { TlsDto } from './tls/tls.dto.js';
import { NewSigningKeyDto, SigningDto } from './signing/signing.dto.js';

export class CreateIntegrationDto extends IntegrationInput {
  /** Required with a key of the platform. */
  tenantId?: string;
}

export class EndpointChangeDto extends PartialType(EndpointInput) {}

export class SuccessRuleChangeDto extends PartialType(SuccessRuleInput) {}

export class RetryPolicyChangeDto extends PartialType(RetryPolicyInput) {}

export class TrafficChangeDto extends PartialType(TrafficInput) {}

/**
 * Any subset of an integration's fields. `endpoint`, `successRule`, `retryPolicy` and `traffic` are merged field by field;
 * everything else is replaced. Without `auth` and `tls` their secrets stay as they are; so does that of a `statusCallback`
 * whose URL changes. A new one is made for a `statusCallback` that comes after `null`.
 */
export class UpdateIntegrationDto extends PartialType(
  OmitType(IntegrationInput, ['endpoint', 'successRule', 'retryPolicy', 'traffic'] as const),
) {
  endpoint?: EndpointChangeDto;

  successRule?: SuccessRuleChangeDto;

  retryPolicy?: RetryPolicyChangeDto;

  traffic?: TrafficChangeDto;

  /** The version that the change was made on; where it is no longer the latest the change is refused with 409. */
  version?: number;
}

export class IntegrationListQueryDto extends PageQueryDto {
  /** Required with a key of the platform. A tenant's key may name its own tenant only. */
  @IsOptional()
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;

  /** Only those for this action. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_ACTION_ID)
  actionId?: number;
}

export class PauseDto {
  by!: string;

  at!: Date;

  reason!: string;
}

/** An integration as it is stored. Secrets are not in it. */
export class IntegrationDto {
  id!: string;

  tenantId!: string;

  actionId!: number;

  name!: string;

  vendor!: string;

  enabled!: boolean;

  /** Why Waybill itself switched it off; `null` where it is on, or a person switched it off. */
  disabledReason!: string | null;

  /** Set while a person has paused it: its deliveries wait until a person resumes it. */
  pause!: PauseDto | null;

  endpoint!: EndpointInput;

  /** `kind`, what may be read of its settings, and `secretSet`: whether a secret is stored. */
  @ApiProperty({
    type: 'object',
    properties: { kind: { type: 'string' }, secretSet: { type: 'boolean' } },
    required: ['kind', 'secretSet'],
    additionalProperties: true,
  })
  auth!: Record<string, unknown>;

  /** `null`: no client certificate and no private authorities. */
  @ApiProperty({ type: TlsDto, nullable: true })
  tls!: TlsDto | null;

  /** `null`: deliveries are not signed. */
  @ApiProperty({ type: SigningDto, nullable: true })
  signing!: SigningDto | null;

  filter!: string | null;

  mapping!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  schema!: Record<string, unknown> | null;

  attachments!: AttachmentInput[];

  successRule!: SuccessRuleInput;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  extracts!: Record<string, string>;

  loggedBodyBytes!: number | null;

  redaction!: RedactionInput;

  timeoutMs!: number;

  retryPolicy!: RetryPolicyInput;

  retry!: RetryRulesInput;

  /** `null`: what FAILed waits for a person. */
  @ApiProperty({ type: RetryScheduleInput, nullable: true })
  retrySchedule!: RetryScheduleInput | null;

  traffic!: TrafficInput;

  /** Who else than the host's class is told of its deliveries. */
  statusCallback!: StatusCallbackInput | null;

  /** Counts up by one with each change. */
  version!: number;

  createdAt!: Date;

  updatedAt!: Date;

  /** Who made this version. */
  updatedBy!: string;
}

/** What a change answers with: keys that it has made are shown in it, once. */
export class SavedIntegrationDto extends IntegrationDto {
  newSigningKeys?: NewSigningKeyDto[];

  /** `whsec_...`: what `statusCallback` verifies Waybill's calls by (Standard Webhooks); `null` where none was made now. */
  statusCallbackSecret!: string | null;
}

export class IntegrationPageDto {
  /** In the order of their creation. */
  items!: IntegrationDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}

/** A version of an integration, or its deletion. */
export class IntegrationVersionDto extends IntegrationDto {
  /** `true`: this version is the deletion, which `updatedBy` made at `updatedAt`; the settings are those it had before. */
  deleted!: boolean;
}

export class IntegrationVersionPageDto {
  /** The newest first: the one in force, or the deletion. */
  items!: IntegrationVersionDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}
