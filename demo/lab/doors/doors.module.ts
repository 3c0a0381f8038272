import { Module } from '@nestjs/common';
import { BillingModule } from '../billing/billing.module.js';
import { PatientsModule } from '../patients/patients.module.js';
import { SamplesModule } from '../samples/samples.module.js';
import { BulkUpload } from './bulk-upload.js';
import { ReceptionDesk } from './reception-desk.js';

/** Two of the three doors by which work comes in; the third is the HTTP API, whose controllers stand with their records. */
@Module({
  imports: [PatientsModule, SamplesModule, BillingModule],
  providers: [ReceptionDesk, BulkUpload],
})
export class DoorsModule {}
