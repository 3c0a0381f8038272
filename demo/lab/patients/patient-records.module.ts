import { Module } from '@nestjs/common';
import { PatientRepository } from './patient.repository.js';

/** The records alone: what modules import whose intents read patients. */
@Module({ providers: [PatientRepository], exports: [PatientRepository] })
export class PatientRecordsModule {}
