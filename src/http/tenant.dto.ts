import { IsInt, IsString, Length, Matches, Max, Min, ValidateIf } from 'class-validator';
import { Nested } from '../common/nested.decorator.js';
import { TENANT_ID_PATTERN } from '../common/ids.js';
import { RedactionInput } from './redaction.dto.js';
import { TENANT_ID_MESSAGE } from './tenant-query.dto.js';

export class CreateTenantDto {
  /**
   * Stable for ever: 1 to 64 lower-case letters, digits, `_` or `-`.
   * @example "lab-12"
   */
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  id!: string;

  /** What people call it. */
  @IsString()
  @Length(1, 120)
  name!: string;
}

const MAX_DAYS = 3_650;

/** How long a tenant's logs are kept, in days: what was sent and received, and the logs themselves. */
export class RetentionDto {
  /** At most `rowDays`. */
  @IsInt()
  @Min(1)
  @Max(MAX_DAYS)
  bodyDays!: number;

  /** From its creation, and from its last change. Logs that are QUEUED are kept for as long as they are. */
  @IsInt()
  @Min(1)
  @Max(MAX_DAYS)
  rowDays!: number;
}

/** What is left out stays as it is. */
export class ChangeTenantDto {
  @ValidateIf((_, value) => value !== undefined)
  @Nested(() => RetentionDto)
  retention?: RetentionDto;

  /** Replaces what was set before. Tries that start within a second from now may still go by that. */
  @ValidateIf((_, value) => value !== undefined)
  @Nested(() => RedactionInput)
  redaction?: RedactionInput;
}

export class TenantDto {
  id!: string;

  name!: string;

  createdAt!: Date;

  retention!: RetentionDto;

  /** For all of its integrations. */
  redaction!: RedactionInput;
}

export class TenantPageDto {
  /** In the order of their ids. */
  items!: TenantDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}
