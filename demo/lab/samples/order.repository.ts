import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import { LabDatabase } from '../lab-database.js';
import { RecordNotFoundError } from '../record-not-found.error.js';
import type { Order } from './order.js';

@Injectable()
export class OrderRepository {
  private readonly orders: Model<Order>;

  constructor(private readonly database: LabDatabase) {
    this.orders = database.model<Order>('orders', {
      _id: String,
      labId: String,
      patientId: String,
      title: String,
      status: String,
      receivedAt: { type: String, default: null },
    });
  }

  async insert(order: Pick<Order, 'labId' | 'patientId' | 'title'>): Promise<Order> {
    const _id = await this.database.nextId('O');
    const inserted: Order = { _id, ...order, status: 'ordered', receivedAt: null };
    await this.orders.create(inserted);
    return inserted;
  }

  async find(labId: string, id: string): Promise<Order | null> {
    return this.orders.findOne({ _id: id, labId }).lean<Order>();
  }

  /** @throws RecordNotFoundError */
  async get(labId: string, id: string): Promise<Order> {
    const order = await this.find(labId, id);
    if (!order) throw new RecordNotFoundError('order', labId, id);
    return order;
  }

  /** @throws RecordNotFoundError */
  async update(labId: string, id: string, change: Partial<Omit<Order, '_id' | 'labId'>>): Promise<Order> {
    const order = await this.orders
      .findOneAndUpdate({ _id: id, labId }, { $set: change }, { returnDocument: 'after' })
      .lean<Order>();
    if (!order) throw new RecordNotFoundError('order', labId, id);
    return order;
  }
}
