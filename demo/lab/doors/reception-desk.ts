import { Injectable } from '@nestjs/common';
import type { EmitResult } from 'waybill';
import type { Bill, BillLine } from '../billing/bill.js';
import { BillingService } from '../billing/billing.service.js';
import { type NewPatient, PatientService } from '../patients/patient.service.js';
import type { Order } from '../samples/order.js';
import { SampleService } from '../samples/sample.service.js';

/** What the people at reception do on their screens. */
@Injectable()
export class ReceptionDesk {
  constructor(
    private readonly patients: PatientService,
    private readonly samples: SampleService,
    private readonly billing: BillingService,
  ) {}

  register(labId: string, details: NewPatient) {
    return this.patients.register(labId, details, 'desk');
  }

  /** Orders the tests and hands the patient the bill. */
  async orderAndBill(
    { labId, patientId, title }: Pick<Order, 'labId' | 'patientId' | 'title'>,
    charges: { currency: string; lines: readonly BillLine[] },
  ): Promise<{ order: Order; bill: Bill; event: EmitResult }> {
    const order = await this.samples.order(labId, patientId, title);
    return { order, ...(await this.billing.bill(order, charges)) };
  }

  countPaidBills(labId: string): Promise<number> {
    return this.billing.countPaid(labId);
  }
}
