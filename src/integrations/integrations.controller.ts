import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import { asIntegrationId } from '../common/ids.js';
import { ApiProblems } from '../http/api-problems.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import { DEFAULT_PAGE_SIZE } from '../http/page.dto.js';
import { Caller } from '../http/principal.decorator.js';
import { requireBody } from '../http/shape.pipe.js';
import { TenantPageQueryDto, TenantQueryDto } from '../http/tenant-query.dto.js';
import { TenantScope } from '../http/tenant-scope.js';
import { WaybillController } from '../http/waybill-controller.decorator.js';
import { describePrincipal, type Principal } from '../security/api-keys/principal.js';
import { IntegrationDirectory } from './integration-directory.js';
import {
  CreateIntegrationDto,
  IntegrationDto,
  IntegrationListQueryDto,
  IntegrationPageDto,
  IntegrationVersionPageDto,
  SavedIntegrationDto,
  UpdateIntegrationDto,
} from './integration.dto.js';
import { IntegrationEditor, type SavedIntegration } from './integration-editor.js';
import { integrationViewOf, signingViewOf, versionViewOf } from './integration-view.js';
import { RotateSigningSecretDto, SigningRotationDto } from './signing/signing.dto.js';
import { SigningRotation } from './signing/signing-rotation.js';

const OK = 200;
const NO_CONTENT = 204;
const VERSION_FORM = /^[1-9]\d{0,14}$/;

/** Which endpoint of which vendor gets which action of a tenant. */
@WaybillController('integrations')
export class IntegrationsController {
  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly editor: IntegrationEditor,
    private readonly rotation: SigningRotation,
    private readonly scope: TenantScope,
  ) {}

  /** Creates an integration; every fault of it is named at once. */
  @Post()
  @Audited('integration.create', { subject: 'integration', idIn: 'answer' })
  @ApiBody({ type: CreateIntegrationDto })
  @ApiProblems(404, 422)
  async create(@Caller() caller: Principal, @Body() body: Record<string, unknown>): Promise<SavedIntegrationDto> {
    requireBody(body);
    const { tenantId: named, ...input } = body;
    const tenantId = await this.scope.resolve(caller, named);
    return savedViewOf(await this.editor.create(tenantId, input, describePrincipal(caller)));
  }

  /** Lists the integrations of a tenant in the order of their creation. */
  @Get()
  @ApiProblems(404)
  async list(@Caller() caller: Principal, @Query() query: IntegrationListQueryDto): Promise<IntegrationPageDto> {
    const { limit = DEFAULT_PAGE_SIZE, cursor, actionId } = query;
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const [after = ''] = cursor === undefined ? [] : decodeCursor(cursor, [/^int_\w{1,64}$/]);
    const action = actionId === undefined ? {} : { actionId };
    const found = await this.directory.list(tenantId, { after, limit: limit + 1, ...action });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(integrationViewOf),
      nextCursor: last && found.length > limit ? encodeCursor([last._id]) : null,
    };
  }

  /** One integration. */
  @Get(':id')
  @ApiProblems(404)
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<IntegrationDto> {
    return integrationViewOf(await this.find(caller, id, query));
  }

  /** Changes an integration: what is sent is laid over what is there, and the result is checked as a whole. */
  @Patch(':id')
  @Audited('integration.update', { subject: 'integration' })
  @ApiBody({ type: UpdateIntegrationDto })
  @ApiProblems(404, 409, 422)
  async update(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
    @Body() body: Record<string, unknown>,
  ): Promise<SavedIntegrationDto> {
    requireBody(body);
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return savedViewOf(await this.editor.change(tenantId, asIntegrationId(id), body, describePrincipal(caller)));
  }

  /** Makes new signing keys, shown only in this answer. The ones before go on signing too until the overlap is over. */
  @Post(':id/signing-secret/rotate')
  @Audited('integration.rotate-signing-secret', { subject: 'integration' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async rotateSigningSecret(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
    @Body() { overlapSeconds }: RotateSigningSecretDto,
  ): Promise<SigningRotationDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const author = describePrincipal(caller);
    const rotated = await this.rotation.rotate(tenantId, asIntegrationId(id), overlapSeconds * 1_000, author);
    return { newKeys: [...rotated.newKeys], signing: signingViewOf(rotated.signing) };
  }

  /**
   * Deletes an integration: the deletion is its last version. Its versions and logs stay; deliveries that wait FAIL with the
   * reason.
   */
  @Delete(':id')
  @Audited('integration.delete', { subject: 'integration' })
  @HttpCode(NO_CONTENT)
  @ApiProblems(404)
  async delete(@Caller() caller: Principal, @Param('id') id: string, @Query() query: TenantQueryDto): Promise<void> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    await this.directory.delete(tenantId, asIntegrationId(id), describePrincipal(caller));
  }

  /** The versions of an integration, the newest first: also of one that was deleted, whose deletion is then the first. */
  @Get(':id/versions')
  @ApiProblems(404)
  async versions(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantPageQueryDto,
  ): Promise<IntegrationVersionPageDto> {
    const { limit = DEFAULT_PAGE_SIZE, cursor } = query;
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const before = cursor === undefined ? null : Number(decodeCursor(cursor, [VERSION_FORM])[0]);
    const found = await this.directory.versions(tenantId, asIntegrationId(id), { before, limit: limit + 1 });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(versionViewOf),
      nextCursor: last && found.length > limit ? encodeCursor([String(last.version)]) : null,
    };
  }

  private async find(caller: Principal, id: string, { tenantId }: TenantQueryDto) {
    return this.directory.get(await this.scope.resolve(caller, tenantId), asIntegrationId(id));
  }
}

function savedViewOf({ integration, newKeys, callbackSecret }: SavedIntegration): SavedIntegrationDto {
  const view: SavedIntegrationDto = Object.assign(integrationViewOf(integration), {
    statusCallbackSecret: callbackSecret,
  });
  if (newKeys.length > 0) view.newSigningKeys = [...newKeys];
  return view;
}
