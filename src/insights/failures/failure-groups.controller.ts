import { Body, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiQuery, OmitType } from '@nestjs/swagger';
import { ERROR_CLASSES } from '../../common/error-class.js';
import { ApiProblems } from '../../http/api-problems.decorator.js';
import { Audited } from '../../http/audited.decorator.js';
import { decodeCursor, encodeCursor } from '../../http/cursor.js';
import { DEFAULT_PAGE_SIZE } from '../../http/page.dto.js';
import { Caller } from '../../http/principal.decorator.js';
import { TenantQueryDto } from '../../http/tenant-query.dto.js';
import { TenantScope } from '../../http/tenant-scope.js';
import { WaybillController } from '../../http/waybill-controller.decorator.js';
import { describePrincipal, type Principal } from '../../security/api-keys/principal.js';
import { FAILURE_GROUP_STATES, type FailureGroup } from './failure-group.collection.js';
import {
  FailureGroupDto,
  FailureGroupPageDto,
  FailureGroupQueryDto,
  UpdateFailureGroupDto,
} from './failure-group.dto.js';
import { type FailureGroupPlace, FailureGroups } from './failure-groups.js';

const TIME_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const GROUP_ID_FORM = /^fgr_\w{1,64}$/;

/** Failures of one kind as one: what is wrong, how often, since when, and who looks after it. */
@WaybillController('failure-groups')
export class FailureGroupsController {
  constructor(
    private readonly groups: FailureGroups,
    private readonly scope: TenantScope,
  ) {}

  /** Lists the failure groups of a tenant, the last seen first. */
  @Get()
  @ApiProblems(404)
  @ApiQuery({ type: OmitType(FailureGroupQueryDto, ['state', 'errorClass'] as const) })
  @ApiQuery({ name: 'state', required: false, enum: FAILURE_GROUP_STATES })
  @ApiQuery({ name: 'errorClass', required: false, enum: ERROR_CLASSES })
  async list(@Caller() caller: Principal, @Query() query: FailureGroupQueryDto): Promise<FailureGroupPageDto> {
    const { limit = DEFAULT_PAGE_SIZE, cursor, tenantId: named, ...filter } = query;
    const tenantId = await this.scope.resolve(caller, named);
    const found = await this.groups.list(tenantId, filter, placeOf(cursor), limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(viewOf),
      nextCursor: last && found.length > limit ? encodeCursor([last.lastSeenAt.toISOString(), last._id]) : null,
    };
  }

  /** One group, with its last failures. */
  @Get(':id')
  @ApiProblems(404)
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<FailureGroupDto> {
    return viewOf(await this.groups.get(await this.scope.resolve(caller, query.tenantId), id));
  }

  /** Says how far it is looked after, by whom, and what is known. */
  @Patch(':id')
  @Audited('failure-group.change', { subject: 'failure-group' })
  @ApiProblems(404)
  async change(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
    @Body() change: UpdateFailureGroupDto,
  ): Promise<FailureGroupDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return viewOf(await this.groups.change(tenantId, id, change, describePrincipal(caller)));
  }
}

function placeOf(cursor: string | undefined): FailureGroupPlace | null {
  if (cursor === undefined) return null;
  const [lastSeenAt = '', id = ''] = decodeCursor(cursor, [TIME_FORM, GROUP_ID_FORM]);
  return { lastSeenAt: new Date(lastSeenAt), id };
}

function viewOf({ _id: id, samples, ...group }: FailureGroup): FailureGroupDto {
  return { id, ...group, samples: samples.map(({ logId, at }) => ({ logId, at })) };
}
