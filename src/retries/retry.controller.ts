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
import { ResolutionService } from './resolution.service.js';
import { ResolveDto, RetryDto } from './retry.dto.js';
import { RetryService } from './retry.service.js';

const ACCEPTED = 202;
const OK = 200;

/** What a person does about a log that FAILed. */
@WaybillController('logs')
export class RetryController {
  constructor(
    private readonly retries: RetryService,
    private readonly resolutions: ResolutionService,
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
    @Body() { reason, asSent }: RetryDto,
  ): Promise<LogDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const log = await this.retries.retry(tenantId, asLogId(id), {
      requestedBy: describePrincipal(caller),
      reason,
      asSent,
    });
    return logViewOf(log);
  }

  /** Settles a failed log without a retry. It stays FAIL, and is no longer among those that wait for a person. */
  @Post(':id/resolve')
  @Audited('log.resolve', { subject: 'log' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async resolve(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
    @Body() { note }: ResolveDto,
  ): Promise<LogDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return logViewOf(await this.resolutions.resolve(tenantId, asLogId(id), { by: describePrincipal(caller), note }));
  }

  /** Takes that back: it waits for a person again. */
  @Post(':id/unresolve')
  @Audited('log.unresolve', { subject: 'log' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async unresolve(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<LogDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return logViewOf(await this.resolutions.unresolve(tenantId, asLogId(id)));
  }
}
