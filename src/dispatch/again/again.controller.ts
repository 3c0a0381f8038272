import { Body, HttpCode, Post, Query } from '@nestjs/common';
import { ApiProblems } from '../../http/api-problems.decorator.js';
import { Audited } from '../../http/audited.decorator.js';
import { Caller } from '../../http/principal.decorator.js';
import { TenantQueryDto } from '../../http/tenant-query.dto.js';
import { TenantScope } from '../../http/tenant-scope.js';
import { WaybillController } from '../../http/waybill-controller.decorator.js';
import { describePrincipal, type Principal } from '../../security/api-keys/principal.js';
import { refusalOf } from '../preview/refusal-view.js';
import { AgainDto, AgainPreviewDto, AgainResultDto, EmitAgainDto } from './again.dto.js';
import { EventAgain } from './event-again.js';

const OK = 200;
const ACCEPTED = 202;

/** What a person says again of a business record. */
@WaybillController('events/again')
export class AgainController {
  constructor(
    private readonly events: EventAgain,
    private readonly scope: TenantScope,
  ) {}

  /** What would be delivered to whom, and who has it already. Nothing is sent. */
  @Post('preview')
  // It shows the patient's data.
  @Audited('event.preview', { subject: 'event', idIn: 'body' })
  @HttpCode(OK)
  @ApiProblems(404, 422)
  async preview(
    @Caller() caller: Principal,
    @Query() query: TenantQueryDto,
    @Body() wanted: AgainDto,
  ): Promise<AgainPreviewDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const { context, latest, deliveries, skipped } = await this.events.preview(tenantId, wanted);
    return {
      context,
      repeatsEventId: latest?.eventId ?? null,
      deliveries: deliveries.map(({ delivery, next, duplicate }) => ({
        integrationId: delivery.integrationId,
        integrationName: delivery.integrationName,
        vendor: delivery.vendor,
        duplicate,
        next: { integrationVersion: null, request: next.request, refusal: refusalOf(next) },
      })),
      skipped: [...skipped],
    };
  }

  /** Emits the action again for the record. Refused where an integration would get it twice, unless that is accepted. */
  @Post()
  @Audited('event.again', { subject: 'event', idIn: 'answer' })
  @HttpCode(ACCEPTED)
  @ApiProblems(404, 409, 422)
  async again(
    @Caller() caller: Principal,
    @Query() query: TenantQueryDto,
    @Body() { action, context, reason, acceptDuplicate, idempotencyKey }: EmitAgainDto,
  ): Promise<AgainResultDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const by = describePrincipal(caller);
    const wanted = { action, context, reason, acceptDuplicate, idempotencyKey, by };
    const { eventId: id, repeats, duplicate, deliveries, skipped } = await this.events.emit(tenantId, wanted);
    return { id, repeats, duplicate, logIds: deliveries.map(({ logId }) => logId), skipped: [...skipped] };
  }
}
