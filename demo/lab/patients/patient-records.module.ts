import { Module } from '@nestjs/common';
import { LabDatabaseModule } from '../lab-database.module.js';
import { PatientRepository } from './patient.repository.js';

/** The records. Modules whose intents read patients import this. */
@Module({
  imports: [LabDatabaseModule],
  providers: [PatientRepository],
  exports: [PatientRepository],
})
export class PatientRecordsModule {}
