import { applyDecorators } from '@nestjs/common';
import { ApiQuery, OmitType } from '@nestjs/swagger';
import { ERROR_CLASSES } from '../common/error-class.js';
import { DIRECTIONS, LOG_STATUSES } from './integration-log.js';
import { LogQueryDto } from './log-query.dto.js';

/** Documents the filters that `readLogSearch` reads. */
export const ApiLogFilter = (omit: readonly ('limit' | 'cursor')[] = []) =>
  applyDecorators(
    // The enums are written out: @nestjs/swagger drops them from a class that is named here.
    ApiQuery({ type: OmitType(LogQueryDto, ['status', 'errorClass', 'direction', ...omit] as const) }),
    ApiQuery({ name: 'status', required: false, enum: LOG_STATUSES }),
    ApiQuery({ name: 'errorClass', required: false, enum: ERROR_CLASSES }),
    ApiQuery({ name: 'direction', required: false, enum: DIRECTIONS }),
    keyed('context', 'Any id of the context, as in `context[patientId]=P-1042`.'),
    keyed('extract', "Any value that was lifted from a vendor's answer, as in `extract[vendorRef]=A-7`."),
  );

const keyed = (name: string, description: string) =>
  ApiQuery({
    name,
    required: false,
    style: 'deepObject',
    explode: true,
    description,
    // Without an example, the docs page makes values up and searches for them.
    schema: { type: 'object', additionalProperties: { type: 'string' }, example: {} },
  });
