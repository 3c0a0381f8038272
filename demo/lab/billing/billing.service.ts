import { Injectable } from '@nestjs/common';
import type { EmitResult } from 'waybill';
import type { Order } from '../samples/order.js';
import type { Bill, BillLine } from './bill.js';
import { BillRepository } from './bill.repository.js';
import { BillTriggers } from './bill.triggers.js';

@Injectable()
export class BillingService {
  constructor(
    private readonly bills: BillRepository,
    private readonly triggers: BillTriggers,
  ) {}

  async bill(
    { _id: orderId, labId, patientId }: Order,
    { currency, lines }: { currency: string; lines: readonly BillLine[] },
  ): Promise<{ bill: Bill; event: EmitResult }> {
    const totalCents = lines.reduce((sum, { amountCents }) => sum + amountCents, 0);
    const bill = await this.bills.insert({
      labId,
      patientId,
      orderId,
      currency,
      lines: [...lines],
      totalCents,
      paymentId: null,
    });
    return { bill, event: await this.triggers.generated(bill) };
  }

  countPaid(labId: string): Promise<number> {
    return this.bills.countPaid(labId);
  }
}
