import { Module } from '@nestjs/common';
import { WaybillModule } from 'waybill';
import { PatientRegistered } from './patient.actions.js';
import { PatientController } from './patient.controller.js';
import { PatientIntent } from './patient.intent.js';
import { PatientRecordsModule } from './patient-records.module.js';
import { PatientService } from './patient.service.js';
import { PatientTriggers } from './patient.triggers.js';

@Module({
  imports: [
    PatientRecordsModule,
    WaybillModule.forFeature({
      actions: [PatientRegistered],
      intents: [PatientIntent],
      imports: [PatientRecordsModule],
    }),
  ],
  controllers: [PatientController],
  providers: [PatientService, PatientTriggers],
  exports: [PatientService],
})
export class PatientsModule {}
