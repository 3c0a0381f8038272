import { type DynamicModule, Module } from '@nestjs/common';
import { BillingModule } from './billing/billing.module.js';
import { DoorsModule } from './doors/doors.module.js';
import { LabDatabaseModule } from './lab-database.module.js';
import { PatientsModule } from './patients/patients.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { SamplesModule } from './samples/samples.module.js';

/** The lab: a host application of Waybill, with records and services of its own. */
@Module({})
export class LabModule {
  static withDatabase(uri: string): DynamicModule {
    return {
      module: LabModule,
      imports: [LabDatabaseModule.at(uri), PatientsModule, BillingModule, SamplesModule, ReportsModule, DoorsModule],
    };
  }
}
