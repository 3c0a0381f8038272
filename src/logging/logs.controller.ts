import { Get, Param, Query } from '@nestjs/common';
import { ApiQuery, OmitType } from '@nestjs/swagger';
import { ERROR_CLASSES } from '../common/error-class.js';
import { asLogId } from '../common/ids.js';
import { ApiProblems } from '../http/api-problems.decorator.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import { DEFAULT_PAGE_SIZE } from '../http/page.dto.js';
import { Caller } from '../http/principal.decorator.js';
import { TenantQueryDto } from '../http/tenant-query.dto.js';
import { TenantScope } from '../http/tenant-scope.js';
import { WaybillController } from '../http/waybill-controller.decorator.js';
import type { Principal } from '../security/api-keys/principal.js';
import { DIRECTIONS, LOG_STATUSES } from './integration-log.js';
import { IntegrationLogStore, type LogCursor } from './integration-log.store.js';
import { LogPageDto } from './log.dto.js';
import { LogDetailDto } from './log-detail.dto.js';
import { LogQueryDto } from './log-query.dto.js';
import { planOf, readLogSearch } from './log-search.js';
import { LogUnknownError } from './log-unknown.error.js';
import { logViewOf } from './log-view.js';

const TIME_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const LOG_ID_FORM = /^log_\w{1,64}$/;

/** What was sent and received, why it failed, and why nothing was sent. */
@WaybillController('logs')
export class LogsController {
  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly scope: TenantScope,
  ) {}

  /** Searches the logs of a tenant, newest first. Filters add up. */
  @Get()
  // The enums are written out: @nestjs/swagger drops them from a class that is named here.
  @ApiQuery({ type: OmitType(LogQueryDto, ['status', 'errorClass', 'direction'] as const) })
  @ApiQuery({ name: 'status', required: false, enum: LOG_STATUSES })
  @ApiQuery({ name: 'errorClass', required: false, enum: ERROR_CLASSES })
  @ApiQuery({ name: 'direction', required: false, enum: DIRECTIONS })
  @ApiQuery({
    name: 'context',
    required: false,
    style: 'deepObject',
    explode: true,
    description: 'Any id of the context, as in `context[patientId]=P-1042`.',
    schema: { type: 'object', additionalProperties: { type: 'string' } },
  })
  @ApiQuery({
    name: 'extract',
    required: false,
    style: 'deepObject',
    explode: true,
    description: "Any value that was lifted from a vendor's answer, as in `extract[vendorRef]=A-7`.",
    schema: { type: 'object', additionalProperties: { type: 'string' } },
  })
  async list(@Caller() caller: Principal, @Query() parameters: Record<string, unknown>): Promise<LogPageDto> {
    const search = readLogSearch(parameters);
    const { limit = DEFAULT_PAGE_SIZE, cursor, tenantId: named } = search.query;
    const tenantId = await this.scope.resolve(caller, named);
    const after = cursor === undefined ? null : placeOf(cursor);
    const found = await this.logs.list(planOf(tenantId, search), after, limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(logViewOf),
      nextCursor: last && found.length > limit ? encodeCursor([last.createdAt.toISOString(), last._id]) : null,
    };
  }

  /** One log with every try: what was sent, what came back. */
  @Get(':id')
  @ApiProblems(404)
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<LogDetailDto> {
    const logId = asLogId(id);
    const log = await this.logs.find(await this.scope.resolve(caller, query.tenantId), logId);
    if (!log) throw new LogUnknownError(logId);
    return { ...logViewOf(log), attempts: await this.logs.attemptsOf(log) };
  }
}

function placeOf(cursor: string): LogCursor {
  const [createdAt = '', id = ''] = decodeCursor(cursor, [TIME_FORM, LOG_ID_FORM]);
  return { createdAt: new Date(createdAt), id: asLogId(id) };
}
