import { Injectable } from '@nestjs/common';
import type { EmitResult } from 'waybill';
import { OrderRepository } from '../samples/order.repository.js';
import type { Report } from './report.js';
import { ReportRepository } from './report.repository.js';
import { ReportTriggers } from './report.triggers.js';

@Injectable()
export class ReportService {
  constructor(
    private readonly orders: OrderRepository,
    private readonly reports: ReportRepository,
    private readonly triggers: ReportTriggers,
  ) {}

  /** @throws RecordNotFoundError */
  async sign(
    labId: string,
    orderId: string,
    { signedBy, hasScan }: { signedBy: string; hasScan: boolean },
  ): Promise<{ report: Report; event: EmitResult }> {
    const { patientId, title, findings } = await this.orders.update(labId, orderId, { status: 'reported' });
    const signedAt = new Date().toISOString();
    const report = await this.reports.insert({
      labId,
      patientId,
      orderId,
      title,
      signedBy,
      signedAt,
      findings,
      hasScan,
    });
    return { report, event: await this.triggers.signed(report) };
  }
}
