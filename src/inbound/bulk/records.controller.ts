import { Get, Param, Query } from '@nestjs/common';
import { asLogId } from '../../common/ids.js';
import { ApiProblems } from '../../http/api-problems.decorator.js';
import { decodeCursor, encodeCursor } from '../../http/cursor.js';
import { DEFAULT_PAGE_SIZE } from '../../http/page.dto.js';
import { Caller } from '../../http/principal.decorator.js';
import { TenantScope } from '../../http/tenant-scope.js';
import { WaybillController } from '../../http/waybill-controller.decorator.js';
import type { Principal } from '../../security/api-keys/principal.js';
import { NoRecordsError } from './no-records.error.js';
import { FileRecordsDto, RecordsQueryDto } from './records.dto.js';
import type { FailedRecord } from './webhook-file.collection.js';
import { WebhookFileStore } from './webhook-file.store.js';

const LINE_FORM = /^\d{1,12}$/;

/** Webhooks that are files: how far they are, and which of their records failed. */
@WaybillController('logs')
export class RecordsController {
  constructor(
    private readonly files: WebhookFileStore,
    private readonly scope: TenantScope,
  ) {}

  /** How far the work on a file of records is, and the records that failed. */
  @Get(':id/records')
  @ApiProblems(404)
  async records(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() { tenantId: named, cursor, limit = DEFAULT_PAGE_SIZE }: RecordsQueryDto,
  ): Promise<FileRecordsDto> {
    const tenantId = await this.scope.resolve(caller, named);
    const logId = asLogId(id);
    const file = await this.files.find(logId);
    if (file?.tenantId !== tenantId) throw new NoRecordsError(logId);
    const after = cursor === undefined ? 0 : Number(decodeCursor(cursor, [LINE_FORM])[0]);
    const found = await this.files.failedOf(tenantId, logId, after, limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const { line, succeeded, failed, read, updatedAt } = file;
    const nextCursor = last && found.length > limit ? encodeCursor([String(last.line)]) : null;
    return { line, succeeded, failed, read, updatedAt, items: items.map(viewOf), nextCursor };
  }
}

const viewOf = ({ line, errorClass, errorCode, errorMessage, failedAt }: FailedRecord) => ({
  line,
  errorClass,
  errorCode,
  errorMessage,
  failedAt,
});
