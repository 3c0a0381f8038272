import { Body, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { asTenantId } from '../common/ids.js';
import { NO_REDACTION } from '../common/redaction-rules.js';
import type { Principal } from '../security/api-keys/principal.js';
import { DEFAULT_RETENTION } from '../security/tenants/retention.js';
import type { Tenant } from '../security/tenants/tenant.collection.js';
import { TenantService } from '../security/tenants/tenant.service.js';
import { ApiProblems } from './api-problems.decorator.js';
import { Audited } from './audited.decorator.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { DEFAULT_PAGE_SIZE, PageQueryDto } from './page.dto.js';
import { PlatformOnly } from './platform-only.decorator.js';
import { Caller } from './principal.decorator.js';
import { RequestInvalidError } from './request-invalid.error.js';
import { ChangeTenantDto, CreateTenantDto, type RetentionDto, TenantDto, TenantPageDto } from './tenant.dto.js';
import { TenantScope } from './tenant-scope.js';
import { WaybillController } from './waybill-controller.decorator.js';

/** Tenants: all of them for keys of the platform; its own, and what it may set, for a key of a tenant. */
@WaybillController('tenants')
export class TenantsController {
  constructor(
    private readonly tenants: TenantService,
    private readonly scope: TenantScope,
  ) {}

  /** Creates a tenant. */
  @Post()
  @Audited('tenant.create', { subject: 'tenant', idIn: 'body' })
  @PlatformOnly()
  @ApiProblems(409)
  async create(@Body() { id, name }: CreateTenantDto): Promise<TenantDto> {
    return viewOf(await this.tenants.create(asTenantId(id), name));
  }

  /** Lists the tenants in the order of their ids. */
  @Get()
  @PlatformOnly()
  async list(@Query() { cursor, limit = DEFAULT_PAGE_SIZE }: PageQueryDto): Promise<TenantPageDto> {
    const [after = ''] = cursor === undefined ? [] : decodeCursor(cursor, [/^[\w-]{1,64}$/]);
    const found = await this.tenants.list(after, limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return { items: items.map(viewOf), nextCursor: last && found.length > limit ? encodeCursor([last._id]) : null };
  }

  /** One tenant. */
  @Get(':id')
  @ApiProblems(404)
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<TenantDto> {
    return viewOf(await this.tenants.get(await this.scope.resolve(caller, id, 'id')));
  }

  /**
   * Sets how long the tenant's logs are kept, which applies to what is stored already, within minutes; and what is hidden in
   * them, which applies to what is stored from now on.
   */
  @Patch(':id')
  @Audited('tenant.change', { subject: 'tenant' })
  @ApiProblems(404)
  async change(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() change: ChangeTenantDto,
  ): Promise<TenantDto> {
    const tenantId = await this.scope.resolve(caller, id, 'id');
    requireOrder(change.retention);
    return viewOf(await this.tenants.change(tenantId, change));
  }
}

const viewOf = ({
  _id: id,
  name,
  createdAt,
  retention = DEFAULT_RETENTION,
  redaction = NO_REDACTION,
}: Tenant): TenantDto => ({
  id,
  name,
  createdAt,
  retention: { ...retention },
  redaction: { paths: [...redaction.paths], names: [...redaction.names], patterns: [...redaction.patterns] },
});

/** What is left of a log without its row would be found by nobody. */
function requireOrder(retention: RetentionDto | undefined): void {
  if (!retention || retention.bodyDays <= retention.rowDays) return;
  const expected = `must be at most rowDays, ${retention.rowDays}`;
  throw new RequestInvalidError([{ field: 'retention.bodyDays', expected, received: String(retention.bodyDays) }]);
}
