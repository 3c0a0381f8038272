import { type Intent, IntentFor } from 'waybill';
import { PatientContext, PatientRegistered } from './patient.actions.js';
import { PatientRepository } from './patient.repository.js';

/** What vendors get of a patient: the record as it is at the time of the call, on the first try and on every retry. */
@IntentFor(PatientRegistered)
export class PatientIntent implements Intent<PatientContext> {
  constructor(private readonly patients: PatientRepository) {}

  async rebuild({ tenantId, patientId }: PatientContext) {
    return this.patients.find(tenantId, patientId);
  }
}
