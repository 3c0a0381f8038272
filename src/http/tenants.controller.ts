import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { asTenantId } from '../common/ids.js';
import type { Tenant } from '../security/tenants/tenant.collection.js';
import { TenantService } from '../security/tenants/tenant.service.js';
import { ApiProblems } from './api-problems.decorator.js';
import { Audited } from './audited.decorator.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { DEFAULT_PAGE_SIZE, PageQueryDto } from './page.dto.js';
import { PlatformOnly } from './platform-only.decorator.js';
import { CreateTenantDto, TenantDto, TenantPageDto } from './tenant.dto.js';
import { WaybillController } from './waybill-controller.decorator.js';

/** Tenants, for keys of the platform. */
@WaybillController('tenants')
@PlatformOnly()
export class TenantsController {
  constructor(private readonly tenants: TenantService) {}

  /** Creates a tenant. */
  @Post()
  @Audited('tenant.create', { subject: 'tenant', idIn: 'body' })
  @ApiProblems(409)
  async create(@Body() { id, name }: CreateTenantDto): Promise<TenantDto> {
    return viewOf(await this.tenants.create(asTenantId(id), name));
  }

  /** Lists the tenants in the order of their ids. */
  @Get()
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
  async get(@Param('id') id: string): Promise<TenantDto> {
    return viewOf(await this.tenants.get(asTenantId(id)));
  }
}

const viewOf = ({ _id: id, name, createdAt }: Tenant): TenantDto => ({ id, name, createdAt });
