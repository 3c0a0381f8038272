import { Get, Query } from '@nestjs/common';
import type { AuditEntry } from '../audit/audit-entry.js';
import { type AuditCursor, AuditStore } from '../audit/audit.store.js';
import type { Principal } from '../security/api-keys/principal.js';
import { ApiProblems } from './api-problems.decorator.js';
import { type AuditEntryDto, AuditPageDto, AuditQueryDto } from './audit.dto.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { DEFAULT_PAGE_SIZE } from './page.dto.js';
import { Caller } from './principal.decorator.js';
import { TenantScope } from './tenant-scope.js';
import { WaybillController } from './waybill-controller.decorator.js';

const TIME_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ENTRY_ID_FORM = /^[\w()-]{1,64}:\d{12}$/;

/** Who did what, when, from where and why. */
@WaybillController('audit')
export class AuditController {
  constructor(
    private readonly entries: AuditStore,
    private readonly scope: TenantScope,
  ) {}

  /** The audit log of a tenant, newest first; a key of the platform that names no tenant reads the platform's. */
  @Get()
  @ApiProblems(404)
  async list(@Caller() caller: Principal, @Query() query: AuditQueryDto): Promise<AuditPageDto> {
    const { limit = DEFAULT_PAGE_SIZE, cursor, tenantId: named, ...filter } = query;
    const isOfPlatform = caller.tenantId === null && named === undefined;
    const tenantId = isOfPlatform ? null : await this.scope.resolve(caller, named);
    const after = cursor === undefined ? null : placeOf(cursor);
    const found = await this.entries.list({ ...filter, tenantId }, after, limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(viewOf),
      nextCursor: last && found.length > limit ? encodeCursor([last.at.toISOString(), last._id]) : null,
    };
  }
}

const viewOf = ({ _id: id, ...entry }: AuditEntry): AuditEntryDto => ({ id, ...entry });

function placeOf(cursor: string): AuditCursor {
  const [at = '', id = ''] = decodeCursor(cursor, [TIME_FORM, ENTRY_ID_FORM]);
  return { at: new Date(at), id };
}
