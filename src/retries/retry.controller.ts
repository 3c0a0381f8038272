import { Body, HttpCode, Param, Post, Query } from '@nestjs/common';
import { asLogId } from '../common/ids.js';
import { ApiProblems } from '../http/api-problems.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { Caller } from '../http/principal.decorator.js';
import { TenantQueryDto } from '../http/tenant-query.dto.js';
import { TenantScope } from '../http/tenant-scope.js';
import { WaybillController } from '../http/waybill-controller.decorator.js';
import { LogDto } from '../logging/log.dto.js';
import { logViewOf } from '../logging/log-view.js';
import { describePrincipal, type Principal } from '../security/api-keys/principal.js';
import { RetryDto } from './retry.dto.js';
import { RetryService } from './retry.service.js';

const ACCEPTED = 202;

/** Retries by a person. */
@WaybillController('logs')
export class RetryController {
  constructor(
    private readonly retries: RetryService,
    private readonly scope: TenantScope,
  ) {}

  /** Queues a failed log for another try, which is built from the records and the integration as they are then. */
  @Post(':id/retry')
  @Audited('log.retry', { subject: 'log' })
  @HttpCode(ACCEPTED)
  @ApiProblems(404, 409)
  async retry(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
    @Body() { reason }: RetryDto,
  ): Promise<LogDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const log = await this.retries.retry(tenantId, asLogId(id), { requestedBy: describePrincipal(caller), reason });
    return logViewOf(log);
  }
}
