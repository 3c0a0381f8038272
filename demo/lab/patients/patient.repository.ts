import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Model, mongo } from 'mongoose';
import { LabDatabase } from '../lab-database.js';
import { RecordNotFoundError } from '../record-not-found.error.js';
import type { Patient } from './patient.js';

const DUPLICATE_KEY = 11_000;

@Injectable()
export class PatientRepository implements OnModuleInit {
  private readonly patients: Model<Patient>;

  constructor(database: LabDatabase) {
    this.patients = database.model<Patient>(
      'patients',
      {
        _id: String,
        labId: String,
        mrn: String,
        given: String,
        family: String,
        birthDate: String,
        sex: String,
        phone: { type: String, default: null },
        policyNumber: String,
        channel: String,
      },
      ['labId', 'mrn'],
    );
  }

  async onModuleInit(): Promise<void> {
    await this.patients.init();
  }

  /** The new patient, or the one that the lab has under this medical record number already. */
  async insertOrFind(patient: Patient): Promise<Patient> {
    try {
      await this.patients.create(patient);
      return patient;
    } catch (error) {
      if (!(error instanceof mongo.MongoServerError) || error.code !== DUPLICATE_KEY) throw error;
      const { labId, mrn } = patient;
      return this.patients.findOne({ labId, mrn }).orFail().lean<Patient>();
    }
  }

  async find(labId: string, id: string): Promise<Patient | null> {
    return this.patients.findOne({ _id: id, labId }).lean<Patient>();
  }

  /** @throws RecordNotFoundError */
  async get(labId: string, id: string): Promise<Patient> {
    const patient = await this.find(labId, id);
    if (!patient) throw new RecordNotFoundError('patient', labId, id);
    return patient;
  }

  /** @throws RecordNotFoundError */
  async update(labId: string, id: string, change: Partial<Pick<Patient, 'phone' | 'policyNumber'>>): Promise<Patient> {
    const patient = await this.patients
      .findOneAndUpdate({ _id: id, labId }, { $set: change }, { returnDocument: 'after' })
      .lean<Patient>();
    if (!patient) throw new RecordNotFoundError('patient', labId, id);
    return patient;
  }
}
