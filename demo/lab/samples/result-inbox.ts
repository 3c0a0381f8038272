import { Injectable } from '@nestjs/common';
import { IntegrationLogger } from 'waybill';
import { OrderRepository } from './order.repository.js';
import type { AnalyserResultDto } from './result.dto.js';

/** Where the analysers deliver. Calls from outside are logged like calls to the outside: one line does it. */
@Injectable()
export class ResultInbox {
  constructor(private readonly orders: OrderRepository) {}

  @IntegrationLogger({
    direction: 'inbound',
    name: 'Analyser: results',
    vendor: 'Analyser',
    context: ({ labId, orderId }: AnalyserResultDto) => ({ tenantId: labId, orderId }),
  })
  async take({ labId, orderId, findings }: AnalyserResultDto): Promise<{ orderId: string; findings: number }> {
    await this.orders.update(labId, orderId, { status: 'measured', findings });
    return { orderId, findings: findings.length };
  }
}
