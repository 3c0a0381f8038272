import { Injectable } from '@nestjs/common';
import type { EmitResult } from 'waybill';
import type { Order } from './order.js';
import { OrderRepository } from './order.repository.js';
import { SampleTriggers } from './sample.triggers.js';

@Injectable()
export class SampleService {
  constructor(
    private readonly orders: OrderRepository,
    private readonly triggers: SampleTriggers,
  ) {}

  order(labId: string, patientId: string, title: string): Promise<Order> {
    return this.orders.insert({ labId, patientId, title });
  }

  /** @throws RecordNotFoundError */
  async receive(labId: string, orderId: string): Promise<{ order: Order; event: EmitResult }> {
    const order = await this.orders.update(labId, orderId, {
      status: 'received',
      receivedAt: new Date().toISOString(),
    });
    return { order, event: await this.triggers.received(order) };
  }
}
