import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import { asIntegrationId } from '../../common/ids.js';
import { ApiProblems } from '../../http/api-problems.decorator.js';
import { Audited } from '../../http/audited.decorator.js';
import { decodeCursor, encodeCursor } from '../../http/cursor.js';
import { DEFAULT_PAGE_SIZE } from '../../http/page.dto.js';
import { Caller } from '../../http/principal.decorator.js';
import { requireBody } from '../../http/shape.pipe.js';
import { TenantPageQueryDto, TenantQueryDto } from '../../http/tenant-query.dto.js';
import { TenantScope } from '../../http/tenant-scope.js';
import { WaybillController } from '../../http/waybill-controller.decorator.js';
import { describePrincipal, type Principal } from '../../security/api-keys/principal.js';
import {
  CreatedSourceDto,
  CreateSourceDto,
  SavedSourceDto,
  SourceDto,
  SourceListDto,
  SourceVersionPageDto,
  UpdateSourceDto,
} from './source.dto.js';
import { SourceDirectory } from './source-directory.js';
import { SourceEditor } from './source-editor.js';
import { addressOf, pageAddressOf } from './source-token.js';
import { sourceViewOf, versionViewOf } from './source-view.js';

const NO_CONTENT = 204;
const VERSION_FORM = /^[1-9]\d{0,14}$/;

/** Which vendors call a tenant, how they prove who they are, and what is done with what they send. */
@WaybillController('sources')
export class SourcesController {
  constructor(
    private readonly directory: SourceDirectory,
    private readonly editor: SourceEditor,
    private readonly scope: TenantScope,
  ) {}

  /** Creates a source; every fault of it is named at once. Its address is shown only in this answer. */
  @Post()
  @Audited('source.create', { subject: 'source', idIn: 'answer' })
  @ApiBody({ type: CreateSourceDto })
  @ApiProblems(404, 422)
  async create(@Caller() caller: Principal, @Body() body: Record<string, unknown>): Promise<CreatedSourceDto> {
    requireBody(body);
    const { tenantId: named, ...input } = body;
    const tenantId = await this.scope.resolve(caller, named);
    const created = await this.editor.create(tenantId, input, describePrincipal(caller));
    const { source, forwardSecret, token, pageToken } = created;
    return Object.assign(sourceViewOf(source), {
      forwardSecret,
      address: addressOf(token),
      pageAddress: pageAddressOf(pageToken),
    });
  }

  /** Lists the sources of a tenant in the order of their creation. */
  @Get()
  @ApiProblems(404)
  async list(@Caller() caller: Principal, @Query() query: TenantPageQueryDto): Promise<SourceListDto> {
    const { limit = DEFAULT_PAGE_SIZE, cursor } = query;
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const [after = ''] = cursor === undefined ? [] : decodeCursor(cursor, [/^src_\w{1,64}$/]);
    const found = await this.directory.list(tenantId, { after, limit: limit + 1 });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(sourceViewOf),
      nextCursor: last && found.length > limit ? encodeCursor([last._id]) : null,
    };
  }

  /** One source. */
  @Get(':id')
  @ApiProblems(404)
  async get(@Caller() caller: Principal, @Param('id') id: string, @Query() query: TenantQueryDto): Promise<SourceDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return sourceViewOf(await this.directory.get(tenantId, asIntegrationId(id)));
  }

  /** Changes a source: what is sent is laid over what is there, and the result is checked as a whole. */
  @Patch(':id')
  @Audited('source.update', { subject: 'source' })
  @ApiBody({ type: UpdateSourceDto })
  @ApiProblems(404, 409, 422)
  async update(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
    @Body() body: Record<string, unknown>,
  ): Promise<SavedSourceDto> {
    requireBody(body);
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const { source, forwardSecret } = await this.editor.change(
      tenantId,
      asIntegrationId(id),
      body,
      describePrincipal(caller),
    );
    return Object.assign(sourceViewOf(source), { forwardSecret });
  }

  /**
   * Deletes a source: the deletion is its last version. Its versions and logs stay; nothing is taken at its addresses any
   * more, and webhooks that wait FAIL with the reason.
   */
  @Delete(':id')
  @Audited('source.delete', { subject: 'source' })
  @HttpCode(NO_CONTENT)
  @ApiProblems(404)
  async delete(@Caller() caller: Principal, @Param('id') id: string, @Query() query: TenantQueryDto): Promise<void> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    await this.directory.delete(tenantId, asIntegrationId(id), describePrincipal(caller));
  }

  /** The versions of a source, the newest first: also of one that was deleted, whose deletion is then the first. */
  @Get(':id/versions')
  @ApiProblems(404)
  async versions(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantPageQueryDto,
  ): Promise<SourceVersionPageDto> {
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
}
