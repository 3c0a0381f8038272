import { type Intent, IntentFor } from 'waybill';
import { OrderRepository } from './order.repository.js';
import { SampleContext, SampleReceived } from './sample.actions.js';

@IntentFor(SampleReceived)
export class SampleIntent implements Intent<SampleContext> {
  constructor(private readonly orders: OrderRepository) {}

  async rebuild({ tenantId, orderId }: SampleContext) {
    return this.orders.find(tenantId, orderId);
  }
}
