import { Injectable } from '@nestjs/common';
import { type EmitResult, InboundWebhook, IntegrationLogger, type ReceivedWebhook } from 'waybill';
import { ReportService } from './report.service.js';
import { ResultReadyDto } from './result.dto.js';

/** Where the analysers' results arrive. The second decorator lets support find the call by its order. */
@Injectable()
export class ResultWebhooks {
  constructor(private readonly reports: ReportService) {}

  @InboundWebhook('analyser', 'result.ready')
  @IntegrationLogger({
    name: 'Result of an order',
    vendor: 'analyser',
    context: ({ data }: ResultReadyDto, { tenantId }: ReceivedWebhook) => ({ tenantId, orderId: data.orderId }),
  })
  async take(
    { timestamp, data }: ResultReadyDto,
    { tenantId }: ReceivedWebhook,
  ): Promise<{ reportId: string; event: EmitResult }> {
    const { report, event } = await this.reports.complete(tenantId, data.orderId, {
      findings: data.findings,
      signedAt: timestamp,
    });
    return { reportId: report._id, event };
  }
}
