import { type Intent, IntentFor } from 'waybill';
import { PatientRepository } from '../patients/patient.repository.js';
import { BillContext, BillGenerated } from './bill.actions.js';
import { BillRepository } from './bill.repository.js';

/** A bill with its patient: both re-read, so that a corrected policy number is what a retry sends. */
@IntentFor(BillGenerated)
export class BillIntent implements Intent<BillContext> {
  constructor(
    private readonly bills: BillRepository,
    private readonly patients: PatientRepository,
  ) {}

  async rebuild({ tenantId, patientId, billId }: BillContext) {
    const [bill, patient] = await Promise.all([
      this.bills.find(tenantId, billId),
      this.patients.find(tenantId, patientId),
    ]);
    return bill && patient ? { bill, patient } : null;
  }
}
