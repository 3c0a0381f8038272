import { Injectable, UnprocessableEntityException } from '@nestjs/common';
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

  /** The report that waits for the order's result. @throws RecordNotFoundError */
  async open(
    labId: string,
    orderId: string,
    { signedBy, hasScan }: Pick<Report, 'signedBy' | 'hasScan'>,
  ): Promise<Report> {
    const { patientId, title } = await this.orders.get(labId, orderId);
    return this.reports.insert({
      labId,
      patientId,
      orderId,
      title,
      status: 'open',
      signedBy,
      signedAt: null,
      findings: [],
      hasScan,
    });
  }

  /** Doing it twice with the same result changes nothing. @throws UnprocessableEntityException where no report waits for it */
  async complete(
    labId: string,
    orderId: string,
    result: { readonly findings: Report['findings']; readonly signedAt: string },
  ): Promise<{ report: Report; event: EmitResult }> {
    const report = await this.reports.complete(labId, orderId, result);
    if (!report) throw new UnprocessableEntityException(`No report waits for a result of order ${orderId}`);
    await this.orders.update(labId, orderId, { status: 'reported' });
    return { report, event: await this.triggers.signed(report) };
  }
}
