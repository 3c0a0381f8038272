import { Body, Get, HttpCode, Ip, Param, Post, Query } from '@nestjs/common';
import { asErasureId } from '../common/ids.js';
import { type ContextData, isPrimitive } from '../common/primitives.js';
import { ApiProblems } from '../http/api-problems.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { Caller } from '../http/principal.decorator.js';
import { RequestInvalidError } from '../http/request-invalid.error.js';
import { TenantQueryDto } from '../http/tenant-query.dto.js';
import { TenantScope } from '../http/tenant-scope.js';
import { WaybillController } from '../http/waybill-controller.decorator.js';
import { describePrincipal, type Principal } from '../security/api-keys/principal.js';
import { EraseDto, type ErasureCountsDto, ErasureDto } from './erasure.dto.js';
import type { Erasure } from './erasure.collection.js';
import { ErasureAudit } from './erasure-audit.js';
import { ErasureStore } from './erasure.store.js';

const ACCEPTED = 202;
const FIELD_NAME = /^(?!tenantId$)[A-Za-z_]\w{0,63}$/;

/** Takes a person out of the logs of a tenant. */
@WaybillController('erasures')
export class ErasuresController {
  constructor(
    private readonly erasures: ErasureStore,
    private readonly scope: TenantScope,
    private readonly audit: ErasureAudit,
  ) {}

  /**
   * Erases, in the background, everything that the logs have of one person: what was sent and received, contexts, messages. The
   * rows stay, without personal data. Deliveries that wait are not made.
   */
  @Post()
  @Audited('erasure.request', { subject: 'erasure', idIn: 'answer' })
  @HttpCode(ACCEPTED)
  @ApiProblems(404)
  async erase(
    @Caller() caller: Principal,
    @Body() { tenantId: named, context, reason }: EraseDto,
    @Ip() address: string,
  ): Promise<ErasureDto> {
    const tenantId = await this.scope.resolve(caller, named);
    const subject = subjectIn(context);
    const requestedBy = describePrincipal(caller);
    const erasure = await this.erasures.create({ tenantId, ...subject, reason, requestedBy });
    await this.audit.subjectOf(erasure, caller, address);
    await this.erasures.begin(erasure);
    return viewOf(erasure);
  }

  /** How far an erasure has come. */
  @Get(':id')
  @ApiProblems(404)
  async get(@Caller() caller: Principal, @Param('id') id: string, @Query() query: TenantQueryDto): Promise<ErasureDto> {
    return viewOf(await this.erasures.get(await this.scope.resolve(caller, query.tenantId), asErasureId(id)));
  }
}

/** @throws RequestInvalidError where it is not one field with a value. */
function subjectIn(context: ContextData): { field: string; value: string } {
  const [entry, ...more] = Object.entries(context);
  const [field = '', value = null] = entry ?? [];
  const isId = (typeof value === 'string' && value !== '') || typeof value === 'number';
  if (more.length === 0 && FIELD_NAME.test(field) && isId && isPrimitive(value)) return { field, value: String(value) };
  const expected = 'must be one field of the context with the id of the person, such as { "patientId": "P-1042" }';
  throw new RequestInvalidError([{ field: 'context', expected, received: `${Object.keys(context).length} fields` }]);
}

function viewOf({ _id: id, tenantId, field, subjectHash, reason, counts, ...erasure }: Erasure): ErasureDto {
  const { requestedBy, requestedAt, finishedAt } = erasure;
  const shownCounts: ErasureCountsDto = { ...counts };
  const state = finishedAt === null ? 'running' : 'done';
  return { id, tenantId, field, subjectHash, reason, requestedBy, requestedAt, state, counts: shownCounts, finishedAt };
}
