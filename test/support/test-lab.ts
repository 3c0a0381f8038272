import { Injectable, Module } from '@nestjs/common';
import { IsInt, IsOptional, IsString, Length } from 'class-validator';
import { ActionContext, defineAction, type Intent, IntentFor } from '../../src/index.js';

export interface Patient {
  id: string;
  name: string;
  phone: string | null;
  policyNumber?: string;
}

export class PatientContext extends ActionContext {
  @IsString()
  @Length(1, 64)
  patientId!: string;

  @IsOptional()
  @IsInt()
  visit?: number;
}

export const PatientRegistered = defineAction({
  id: 57,
  name: 'patient.registered',
  context: PatientContext,
  description: 'A patient was registered at the reception desk',
});

/** The host's live records, by patient id. */
@Injectable()
export class PatientRepository {
  readonly patients = new Map<string, Patient>();
  /** The records are given once this resolves. */
  beforeAnswer = (): Promise<void> => Promise.resolve();
}

@Module({ providers: [PatientRepository], exports: [PatientRepository] })
export class PatientsModule {}

@IntentFor(PatientRegistered)
export class PatientIntent implements Intent<PatientContext> {
  constructor(private readonly repository: PatientRepository) {}

  async rebuild({ patientId }: PatientContext): Promise<Patient | null> {
    await this.repository.beforeAnswer();
    return this.repository.patients.get(patientId) ?? null;
  }
}
