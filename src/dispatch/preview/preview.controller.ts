import { HttpCode, Param, Post, Query } from '@nestjs/common';
import { asLogId } from '../../common/ids.js';
import { Audited } from '../../http/audited.decorator.js';
import { ApiProblems } from '../../http/api-problems.decorator.js';
import { Caller } from '../../http/principal.decorator.js';
import { TenantQueryDto } from '../../http/tenant-query.dto.js';
import { TenantScope } from '../../http/tenant-scope.js';
import { WaybillController } from '../../http/waybill-controller.decorator.js';
import type { Principal } from '../../security/api-keys/principal.js';
import { DeliveryPreview, type RetryPreview } from './delivery-preview.js';
import { RetryPreviewDto } from './preview.dto.js';
import { refusalOf } from './refusal-view.js';

const OK = 200;

/** What a retry would do, before anybody retries. */
@WaybillController('logs')
export class PreviewController {
  constructor(
    private readonly previews: DeliveryPreview,
    private readonly scope: TenantScope,
  ) {}

  /** What a retry would send now, beside what was sent last, and what to know before. Nothing is sent. */
  @Post(':id/preview')
  // It shows the patient's data.
  @Audited('log.preview', { subject: 'log' })
  @HttpCode(OK)
  @ApiProblems(404, 409)
  async preview(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: TenantQueryDto,
  ): Promise<RetryPreviewDto> {
    const tenantId = await this.scope.resolve(caller, query.tenantId);
    return viewOf(await this.previews.preview(tenantId, asLogId(id)));
  }
}

function viewOf({ log, version, next, last, diff, incomplete, warnings, webhook }: RetryPreview): RetryPreviewDto {
  return {
    logId: log._id,
    next: { integrationVersion: version, request: next.request, refusal: refusalOf(next) },
    last: last && {
      number: last.number,
      startedAt: last.startedAt,
      integrationVersion: last.integrationVersion,
      outcome: last.outcome,
      request: last.request,
    },
    changes: diff && [...diff.changes],
    changesCut: diff?.cut ?? false,
    incomplete,
    warnings: [...warnings],
    webhook: webhook && { ...webhook, contexts: webhook.contexts && [...webhook.contexts] },
  };
}
