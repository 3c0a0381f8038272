import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { MAX_ACTION_ID } from '../actions/action-definition.js';
import { ERROR_CLASSES, type ErrorClass } from '../common/error-class.js';
import { PageQueryDto } from '../http/page.dto.js';
import { TENANT_ID_MESSAGE } from '../http/tenant-query.dto.js';
import { IsTimestamp } from '../http/timestamp.decorator.js';
import { DIRECTIONS, type Direction, LOG_STATUSES, type LogStatus } from './integration-log.js';
import { LOG_TENANT_PATTERN } from './log-tenant-query.dto.js';

/**
 * Which logs. Filters add up; besides these, `context[<name>]=<value>` finds the logs of any context id, and
 * `extract[<name>]=<value>` those whose answer held a value.
 */
export class LogQueryDto extends PageQueryDto {
  /**
   * Required with a key of the platform; with such a key, `(none)` are the calls that named no tenant. A tenant's key may name
   * its own tenant only.
   */
  @IsOptional()
  @Matches(LOG_TENANT_PATTERN, { message: TENANT_ID_MESSAGE })
  tenantId?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_ACTION_ID)
  actionId?: number;

  @IsOptional()
  @IsString()
  @Length(1, 64)
  integrationId?: string;

  /** The vendor as the integrations name it, such as `CRM`. */
  @IsOptional()
  @IsString()
  @Length(1, 120)
  vendor?: string;

  @IsOptional()
  @IsIn(LOG_STATUSES)
  status?: LogStatus;

  @IsOptional()
  @IsIn(ERROR_CLASSES)
  errorClass?: ErrorClass;

  /** The code of the last error, exactly, such as `HTTP_422`. */
  @IsOptional()
  @IsString()
  @Length(1, 120)
  errorCode?: string;

  /** Words of the last error's message, all of them, in any order and case, such as `unknown patient`. */
  @IsOptional()
  @IsString()
  @Length(2, 200)
  text?: string;

  /** `false`: logs that FAILed and wait for a person. `true`: logs that a person has retried or resolved. */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean({ message: 'resolved must be true or false' })
  resolved?: boolean;

  @IsOptional()
  @IsIn(DIRECTIONS)
  direction?: Direction;

  /** Created at this time or later. */
  @IsOptional()
  @IsTimestamp()
  from?: Date;

  /** Created before this time. */
  @IsOptional()
  @IsTimestamp()
  to?: Date;
}
