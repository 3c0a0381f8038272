import { Body, HttpCode, Param, Post, Query } from '@nestjs/common';
import { asLogId } from '../../common/ids.js';
import { ApiProblems } from '../../http/api-problems.decorator.js';
import { Audited } from '../../http/audited.decorator.js';
import { Caller } from '../../http/principal.decorator.js';
import { TenantQueryDto } from '../../http/tenant-query.dto.js';
import { TenantScope } from '../../http/tenant-scope.js';
import { WaybillController } from '../../http/waybill-controller.decorator.js';
import { LogDto } from '../../logging/log.dto.js';
import { logViewOf } from '../../logging/log-view.js';
import { describePrincipal, type Principal } from '../../security/api-keys/principal.js';
import { ReplayDto } from './replay.dto.js';
import { WebhookReplay } from './webhook-replay.js';

const ACCEPTED = 202;

/** What a person does about a webhook, whether it FAILed or not. */
@WaybillController('logs')
export class ReplayController {
  constructor(
    private readonly replays: WebhookReplay,
    private readonly scope: TenantScope,
  ) {}

  /** Works on a webhook once more, from what was stored of it: a new log with another idempotency key, which is the answer. */
  @Post(':id/replay')
  @Audited('log.replay', { subject: 'log' })
  @HttpCode(ACCEPTED)
  @ApiProblems(404, 409)
  async replay(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
    @Body() { reason }: ReplayDto,
  ): Promise<LogDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const requestedBy = describePrincipal(caller);
    return logViewOf(await this.replays.replay(tenantId, asLogId(id), { requestedBy, reason }));
  }
}
