import { Get, Param, Query } from '@nestjs/common';
import { asLogId, type TenantId } from '../common/ids.js';
import { ApiProblems } from '../http/api-problems.decorator.js';
import { DEFAULT_PAGE_SIZE } from '../http/page.dto.js';
import { Caller } from '../http/principal.decorator.js';
import { TenantScope } from '../http/tenant-scope.js';
import { WaybillController } from '../http/waybill-controller.decorator.js';
import type { Principal } from '../security/api-keys/principal.js';
import { ApiLogFilter } from './api-log-filter.decorator.js';
import { NO_TENANT } from './integration-log.js';
import { IntegrationLogStore } from './integration-log.store.js';
import { decodeLogCursor, encodeLogCursor } from './log-cursor.js';
import { LogCountDto, LogPageDto } from './log.dto.js';
import { LogDetailDto } from './log-detail.dto.js';
import { LogTenantQueryDto } from './log-tenant-query.dto.js';
import { planOf, readLogSearch } from './log-search.js';
import { LogFinder } from './log-finder.js';
import { LogUnknownError } from './log-unknown.error.js';
import { childViewOf, logViewOf } from './log-view.js';

const MAX_CHILDREN = 100;

/** What was sent and received, why it failed, and why nothing was sent. */
@WaybillController('logs')
export class LogsController {
  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly finder: LogFinder,
    private readonly scope: TenantScope,
  ) {}

  /** Searches the logs of a tenant, newest first. Filters add up. */
  @Get()
  @ApiLogFilter()
  @ApiProblems(404, 422)
  async list(@Caller() caller: Principal, @Query() parameters: Record<string, unknown>): Promise<LogPageDto> {
    const search = readLogSearch(parameters);
    const { limit = DEFAULT_PAGE_SIZE, cursor, tenantId: named } = search.query;
    const tenantId = await this.tenantOf(caller, named);
    const found = await this.finder.list(planOf(tenantId, search), decodeLogCursor(cursor), limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(logViewOf),
      nextCursor: last && found.length > limit ? encodeLogCursor({ createdAt: last.createdAt, id: last._id }) : null,
    };
  }

  /** How many logs a search finds, up to 10,000. */
  @Get('count')
  @ApiLogFilter(['limit', 'cursor'])
  @ApiProblems(404, 422)
  async count(@Caller() caller: Principal, @Query() parameters: Record<string, unknown>): Promise<LogCountDto> {
    const search = readLogSearch(parameters);
    const tenantId = await this.scope.resolve(caller, search.query.tenantId);
    return this.finder.count(planOf(tenantId, search));
  }

  /** One log with every try: what was sent, what came back. */
  @Get(':id')
  @ApiProblems(404)
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: LogTenantQueryDto,
  ): Promise<LogDetailDto> {
    const logId = asLogId(id);
    const log = await this.logs.find(await this.tenantOf(caller, query.tenantId), logId);
    if (!log) throw new LogUnknownError(logId);
    const [attempts, children] = await Promise.all([
      this.logs.attemptsOf(log),
      this.logs.childrenOf(log, MAX_CHILDREN),
    ]);
    return { ...logViewOf(log), attempts, children: children.map(childViewOf) };
  }

  /** Calls that named no tenant are the platform's to see. */
  private async tenantOf(caller: Principal, named: string | undefined): Promise<TenantId> {
    if (named === NO_TENANT && caller.tenantId === null) return NO_TENANT;
    return this.scope.resolve(caller, named);
  }
}
