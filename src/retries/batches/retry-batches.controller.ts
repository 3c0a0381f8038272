import { Readable } from 'node:stream';
import { Body, Get, HttpCode, Param, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiProduces } from '@nestjs/swagger';
import { asRetryBatchId } from '../../common/ids.js';
import { Audited, NotAudited } from '../../http/audited.decorator.js';
import { ApiProblems } from '../../http/api-problems.decorator.js';
import { decodeCursor, encodeCursor } from '../../http/cursor.js';
import { DEFAULT_PAGE_SIZE } from '../../http/page.dto.js';
import { Caller } from '../../http/principal.decorator.js';
import { TenantQueryDto } from '../../http/tenant-query.dto.js';
import { TenantScope } from '../../http/tenant-scope.js';
import { WaybillController } from '../../http/waybill-controller.decorator.js';
import { describePrincipal, type Principal } from '../../security/api-keys/principal.js';
import { CONTENT_TYPES, exported, itemViewOf } from './batch-export.js';
import type { RetryBatch } from './retry-batch.js';
import {
  BatchExportQueryDto,
  BatchItemsQueryDto,
  BatchListQueryDto,
  BatchPreviewDto,
  BatchSelectionDto,
  RetryBatchDto,
  RetryBatchItemPageDto,
  RetryBatchPageDto,
  StartBatchDto,
} from './retry-batch.dto.js';
import { RetryBatchService } from './retry-batch.service.js';
import { type OutcomeCounts, RetryBatchStore } from './retry-batch.store.js';

const OK = 200;
const ACCEPTED = 202;
const TIME_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ID_FORM = /^rtb_[\w-]{1,200}$/;

/** Retries of many logs at once, or replays of many webhooks: previewed, confirmed, watched, paused, cancelled. */
@WaybillController('retry-batches')
export class RetryBatchesController {
  constructor(
    private readonly service: RetryBatchService,
    private readonly batches: RetryBatchStore,
    private readonly scope: TenantScope,
  ) {}

  /** What a batch would be: how many logs, of which integrations and classes, how old. Nothing is changed. */
  @Post('preview')
  @ApiProblems(404, 409)
  @NotAudited('a preview counts, and shows no record')
  @HttpCode(OK)
  async preview(
    @Caller() caller: Principal,
    @Query() query: TenantQueryDto,
    @Body() selection: BatchSelectionDto,
  ): Promise<BatchPreviewDto> {
    const { groups, warnings, ...preview } = await this.service.preview(
      await this.scope.resolve(caller, query.tenantId),
      selection,
    );
    return { ...preview, groups: [...groups], warnings: [...warnings] };
  }

  /** Starts the batch that was previewed. Live deliveries go first. */
  @Post()
  @Audited('retry-batch.start', { subject: 'retry-batch', idIn: 'answer' })
  @HttpCode(ACCEPTED)
  @ApiProblems(404, 409, 422)
  async start(
    @Caller() caller: Principal,
    @Query() query: TenantQueryDto,
    @Body() { filter, logIds, status, reason, confirm, ratePerSecond }: StartBatchDto,
  ): Promise<RetryBatchDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const requestedBy = describePrincipal(caller);
    const wanted = { filter, logIds, status, reason, confirm, ratePerSecond, requestedBy };
    return this.viewOf(await this.service.start(tenantId, wanted));
  }

  /** The batches of a tenant, newest first. */
  @Get()
  @ApiProblems(404)
  async list(@Caller() caller: Principal, @Query() query: BatchListQueryDto): Promise<RetryBatchPageDto> {
    const { limit = DEFAULT_PAGE_SIZE, cursor } = query;
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    const [createdAt = '', id = ''] = cursor === undefined ? [] : decodeCursor(cursor, [TIME_FORM, ID_FORM]);
    const after = cursor === undefined ? null : { createdAt: new Date(createdAt), _id: asRetryBatchId(id) };
    const found = await this.batches.list(tenantId, after, limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: await Promise.all(items.map((batch) => this.viewOf(batch))),
      nextCursor: last && found.length > limit ? encodeCursor([last.createdAt.toISOString(), last._id]) : null,
    };
  }

  /** One batch and how far it has come. */
  @Get(':id')
  @ApiProblems(404)
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<RetryBatchDto> {
    return this.viewOf(await this.find(caller, id, query));
  }

  /** No further log is queued until the batch is resumed. */
  @Post(':id/pause')
  @Audited('retry-batch.pause', { subject: 'retry-batch' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async pause(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<RetryBatchDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return this.viewOf(await this.service.pause(tenantId, asRetryBatchId(id)));
  }

  @Post(':id/resume')
  @Audited('retry-batch.resume', { subject: 'retry-batch' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async resume(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<RetryBatchDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return this.viewOf(await this.service.resume(tenantId, asRetryBatchId(id)));
  }

  /** No further log is queued; those that are queued already end by themselves. */
  @Post(':id/cancel')
  @Audited('retry-batch.cancel', { subject: 'retry-batch' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async cancel(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<RetryBatchDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return this.viewOf(await this.service.cancel(tenantId, asRetryBatchId(id)));
  }

  /** The logs of a batch with what has become of each, the oldest first; `outcome=failed` are those that FAILed again. */
  @Get(':id/items')
  @ApiProblems(404)
  async items(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: BatchItemsQueryDto,
  ): Promise<RetryBatchItemPageDto> {
    const { _id } = await this.find(caller, id, query);
    const { limit = DEFAULT_PAGE_SIZE, cursor, outcome } = query;
    const [after = ''] = cursor === undefined ? [] : decodeCursor(cursor, [ID_FORM]);
    const found = await this.batches.findItems(_id, { outcome, after, limit: limit + 1 });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(itemViewOf),
      nextCursor: last && found.length > limit ? encodeCursor([last._id]) : null,
    };
  }

  /** All of them as NDJSON or CSV, streamed. */
  @Get(':id/items/export')
  @ApiProduces('text/csv', 'application/x-ndjson')
  @ApiOkResponse({ schema: { type: 'string' } })
  @ApiProblems(404)
  async export(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: BatchExportQueryDto,
  ): Promise<StreamableFile> {
    const { _id } = await this.find(caller, id, query);
    const { format = 'ndjson', outcome } = query;
    const lines = exported(this.batches, _id, { format, outcome });
    return new StreamableFile(Readable.from(lines, { objectMode: false }), {
      type: CONTENT_TYPES[format],
      disposition: `attachment; filename="${_id}.${format}"`,
    });
  }

  private async find(caller: Principal, id: string, { tenantId }: { tenantId?: string }): Promise<RetryBatch> {
    return this.service.get(await this.scope.resolve(caller, tenantId), asRetryBatchId(id));
  }

  private async viewOf(batch: RetryBatch): Promise<RetryBatchDto> {
    return batchViewOf(batch, await this.batches.countOutcomes(batch._id));
  }
}

function batchViewOf(batch: RetryBatch, progress: OutcomeCounts): RetryBatchDto {
  const { _id: id, tenantId, state, selection, failedBefore, reason, requestedBy, ratePerSecond } = batch;
  const count = Object.values(progress).reduce((sum, one) => sum + one, 0);
  return {
    id,
    tenantId,
    state,
    count: batch.collected ? count : null,
    progress,
    kind: selection.kind,
    status: batch.replays ? 'SUCCESS' : 'FAIL',
    failedBefore,
    reason,
    requestedBy,
    ratePerSecond,
    createdAt: batch.createdAt,
    finishedAt: batch.finishedAt,
  };
}
