import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import { LabDatabase } from '../lab-database.js';
import { RecordNotFoundError } from '../record-not-found.error.js';
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
      paymentId: { type: String, default: null },
    });
  }

  async insert(bill: Omit<Bill, '_id'>): Promise<Bill> {
    const inserted: Bill = { _id: await this.database.nextId('B'), ...bill };
    await this.bills.create(inserted);
    return inserted;
  }

  /** @throws RecordNotFoundError */
  async markPaid(labId: string, id: string, paymentId: string): Promise<Bill> {
    const bill = await this.bills
      .findOneAndUpdate({ _id: id, labId }, { $set: { paymentId } }, { returnDocument: 'after' })
      .lean<Bill>();
    if (!bill) throw new RecordNotFoundError('bill', labId, id);
    return bill;
  }

  /** Bills of the lab that are paid. */
  async countPaid(labId: string): Promise<number> {
    return this.bills.countDocuments({ labId, paymentId: { $ne: null } });
  }

  async find(labId: string, id: string): Promise<Bill | null> {
    return this.bills.findOne({ _id: id, labId }).lean<Bill>();
  }
}
