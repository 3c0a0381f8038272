import { Body, HttpCode, Param, Post, Query } from '@nestjs/common';
import { asIntegrationId } from '../../common/ids.js';
import { ApiProblems } from '../../http/api-problems.decorator.js';
import { Audited } from '../../http/audited.decorator.js';
import { Caller } from '../../http/principal.decorator.js';
import { TenantQueryDto } from '../../http/tenant-query.dto.js';
import { TenantScope } from '../../http/tenant-scope.js';
import { WaybillController } from '../../http/waybill-controller.decorator.js';
import { PauseRequestDto } from '../../scheduling/traffic.dto.js';
import { describePrincipal, type Principal } from '../../security/api-keys/principal.js';
import { RotateAddressDto, RotatedAddressDto, RotatedPageDto, SourceDto } from './source.dto.js';
import { SourcePauses } from './source-pauses.js';
import { SourceRotation } from './source-rotation.js';
import { addressOf, pageAddressOf } from './source-token.js';
import { addressViewOf, sourceViewOf } from './source-view.js';

const OK = 200;

/** What is done to a source as a whole. */
@WaybillController('sources')
export class SourceActsController {
  constructor(
    private readonly pauses: SourcePauses,
    private readonly rotation: SourceRotation,
    private readonly scope: TenantScope,
  ) {}

  /** Pauses a source: its webhooks go on being acknowledged, and wait until a person resumes it. */
  @Post(':id/pause')
  @Audited('source.pause', { subject: 'source' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async pause(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
    @Body() { reason }: PauseRequestDto,
  ): Promise<SourceDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const by = describePrincipal(caller);
    return sourceViewOf(await this.pauses.pause(tenantId, asIntegrationId(id), { by, reason }));
  }

  /** Resumes a paused source. What has gathered is worked on, the oldest first. */
  @Post(':id/resume')
  @Audited('source.resume', { subject: 'source' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async resume(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<SourceDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return sourceViewOf(await this.pauses.resume(tenantId, asIntegrationId(id), describePrincipal(caller)));
  }

  /** Makes a new address, shown only in this answer. The ones before are taken too until the overlap is over. */
  @Post(':id/rotate-address')
  @Audited('source.rotate-address', { subject: 'source' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async rotateAddress(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
    @Body() { overlapSeconds }: RotateAddressDto,
  ): Promise<RotatedAddressDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const author = describePrincipal(caller);
    const { source, token } = await this.rotation.rotateAddress(
      tenantId,
      asIntegrationId(id),
      overlapSeconds * 1_000,
      author,
    );
    return { address: addressOf(token), addresses: source.tokens.map(addressViewOf), version: source.version };
  }

  /** Makes a new address for the page of the vendor's developer, shown only in this answer. The one before ends at once. */
  @Post(':id/rotate-page')
  @Audited('source.rotate-page', { subject: 'source' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async rotatePage(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<RotatedPageDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const rotated = await this.rotation.rotatePage(tenantId, asIntegrationId(id), describePrincipal(caller));
    return { pageAddress: pageAddressOf(rotated.token), version: rotated.source.version };
  }
}
