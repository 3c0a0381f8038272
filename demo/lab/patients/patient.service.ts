import { Injectable } from '@nestjs/common';
import type { EmitResult } from 'waybill';
import { LabDatabase } from '../lab-database.js';
import type { Channel, Patient } from './patient.js';
import { PatientRepository } from './patient.repository.js';
import { PatientTriggers } from './patient.triggers.js';

export type NewPatient = Omit<Patient, '_id' | 'labId' | 'channel'>;

@Injectable()
export class PatientService {
  constructor(
    private readonly database: LabDatabase,
    private readonly patients: PatientRepository,
    private readonly triggers: PatientTriggers,
  ) {}

  /** Registering the same person again finds them, and tells nobody twice. */
  async register(
    labId: string,
    details: NewPatient,
    channel: Channel,
  ): Promise<{ patient: Patient; event: EmitResult }> {
    const _id = await this.database.nextId('P');
    const patient = await this.patients.insertOrFind({ _id, labId, ...details, channel });
    return { patient, event: await this.triggers.registered(patient) };
  }

  /** What a clerk does when the patient shows the insurance card. @throws RecordNotFoundError */
  correct(labId: string, id: string, change: Partial<Pick<Patient, 'phone' | 'policyNumber'>>): Promise<Patient> {
    return this.patients.update(labId, id, change);
  }
}
