import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { asIntegrationId } from '../common/ids.js';
import { ApiProblems } from '../http/api-problems.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { Caller } from '../http/principal.decorator.js';
import { TenantQueryDto } from '../http/tenant-query.dto.js';
import { TenantScope } from '../http/tenant-scope.js';
import { WaybillController } from '../http/waybill-controller.decorator.js';
import { IntegrationDto } from '../integrations/integration.dto.js';
import { integrationViewOf } from '../integrations/integration-view.js';
import { describePrincipal, type Principal } from '../security/api-keys/principal.js';
import { PauseRequestDto, TrafficStateDto } from './traffic.dto.js';
import { TrafficService } from './traffic.service.js';

const OK = 200;

/** Stops and starts the deliveries of an integration, and shows what keeps them waiting. */
@WaybillController('integrations')
export class TrafficController {
  constructor(
    private readonly traffic: TrafficService,
    private readonly scope: TenantScope,
  ) {}

  /** Pauses an integration: events go on making deliveries for it, which wait until a person resumes it. */
  @Post(':id/pause')
  @Audited('integration.pause', { subject: 'integration' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async pause(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
    @Body() { reason }: PauseRequestDto,
  ): Promise<IntegrationDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return integrationViewOf(
      await this.traffic.pause(tenantId, asIntegrationId(id), { by: describePrincipal(caller), reason }),
    );
  }

  /** Resumes a paused integration. What has gathered is delivered at the integration's rate, the oldest first. */
  @Post(':id/resume')
  @Audited('integration.resume', { subject: 'integration' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async resume(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<IntegrationDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return integrationViewOf(await this.traffic.resume(tenantId, asIntegrationId(id), describePrincipal(caller)));
  }

  /** What goes on at an integration now. */
  @Get(':id/traffic')
  @ApiProblems(404)
  async state(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<TrafficStateDto> {
    return this.traffic.stateOf(await this.scope.resolve(caller, query.tenantId), asIntegrationId(id));
  }
}
