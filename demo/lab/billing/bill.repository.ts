import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import { LabDatabase } from '../lab-database.js';
import type { Bill } from './bill.js';

@Injectable()
export class BillRepository {
  private readonly bills: Model<Bill>;

  constructor(private readonly database: LabDatabase) {
    this.bills = database.model<Bill>('bills', {
      _id: String,
      labId: String,
      patientId: String,
      orderId: String,
      currency: String,
      lines: { type: [Object], default: [] },
      totalCents: Number,
    });
  }

  async insert(bill: Omit<Bill, '_id'>): Promise<Bill> {
    const inserted: Bill = { _id: await this.database.nextId('B'), ...bill };
    await this.bills.create(inserted);
    return inserted;
  }

  async find(labId: string, id: string): Promise<Bill | null> {
    return this.bills.findOne({ _id: id, labId }).lean<Bill>();
  }
}
