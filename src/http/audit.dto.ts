import { IsOptional, IsString, Length, Matches } from 'class-validator';
import { TENANT_ID_PATTERN } from '../common/ids.js';
import { PageQueryDto } from './page.dto.js';
import { TENANT_ID_MESSAGE } from './tenant-query.dto.js';
import { IsTimestamp } from './timestamp.decorator.js';

/** Which entries. Filters add up. */
export class AuditQueryDto extends PageQueryDto {
  /** With a key of the platform: whose log; none for the platform's own. A tenant's key may name its own tenant only. */
  @IsOptional()
  @Matches(TENANT_ID_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;

  /**
   * What was acted upon.
   * @example "integration"
   */
  @IsOptional()
  @IsString()
  @Length(1, 64)
  subjectType?: string;

  /** The id of what was acted upon. */
  @IsOptional()
  @IsString()
  @Length(1, 128)
  subjectId?: string;

  /** The id of the API key, or the name of the command, that acted. */
  @IsOptional()
  @IsString()
  @Length(1, 64)
  who?: string;

  /**
   * What was done, exactly.
   * @example "integration.pause"
   */
  @IsOptional()
  @IsString()
  @Length(1, 120)
  what?: string;

  /** At this time or later. */
  @IsOptional()
  @IsTimestamp()
  from?: Date;

  /** Before this time. */
  @IsOptional()
  @IsTimestamp()
  to?: Date;
}

export class AuditActorDto {
  kind!: 'key' | 'command';

  /** The id of the API key, or the name of the command. */
  id!: string;

  /** Whose key it is, or who ran the command. */
  name!: string;
}

export class AuditSubjectDto {
  type!: string;

  /** `null` for what was yet to be made: the entry `<what>.done` that follows names it. */
  id!: string | null;
}

export class AuditEntryDto {
  id!: string;

  /** The tenant's id, or `(platform)`. */
  chain!: string;

  /** The place in the chain, from 1, without a gap. */
  seq!: number;

  at!: Date;

  who!: AuditActorDto;

  /** The address that it was asked from; the name of the machine for a command. */
  from!: string | null;

  /**
   * What was about to be done. `<what>.failed` says that it was refused or failed, `<what>.done` what it made.
   * @example "integration.pause"
   */
  what!: string;

  subject!: AuditSubjectDto;

  /** The reason that was given. */
  why!: string | null;

  /** Ids, counts, and the names of the fields that were sent; never their values. */
  details!: Record<string, unknown>;

  correlationId!: string | null;

  /** The hash of the entry before; 64 zeros for the first. */
  previousHash!: string;

  /** SHA-256 over the other fields but `id`, as canonical JSON (RFC 8785). */
  hash!: string;
}

export class AuditPageDto {
  /** Newest first. */
  items!: AuditEntryDto[];

  /** For the next page; `null` on the last one. */
  nextCursor!: string | null;
}
