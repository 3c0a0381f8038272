import { Injectable } from '@nestjs/common';
import { InboundWebhook, IntegrationLogger, type ReceivedWebhook } from 'waybill';
import { BillRepository } from './bill.repository.js';
import { PaymentSucceededDto } from './payment.dto.js';

/** Where the payment provider says who has paid. */
@Injectable()
export class PaymentWebhooks {
  constructor(private readonly bills: BillRepository) {}

  @InboundWebhook('payments', 'payment.succeeded')
  @IntegrationLogger({
    name: 'Payment of a bill',
    vendor: 'payments',
    context: ({ data }: PaymentSucceededDto, { tenantId }: ReceivedWebhook) => ({
      tenantId,
      billId: data.object.metadata.billId,
    }),
  })
  async succeeded({ data }: PaymentSucceededDto, { tenantId }: ReceivedWebhook): Promise<{ billId: string }> {
    const { id: paymentId, metadata } = data.object;
    const { _id: billId } = await this.bills.markPaid(tenantId, metadata.billId, paymentId);
    return { billId };
  }
}
