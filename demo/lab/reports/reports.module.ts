import { Module } from '@nestjs/common';
import { WaybillModule } from 'waybill';
import { PatientRecordsModule } from '../patients/patient-records.module.js';
import { ReportPdf } from './report-pdf.attachment.js';
import { ReportSigned } from './report.actions.js';
import { ReportController } from './report.controller.js';
import { ReportIntent } from './report.intent.js';
import { ReportRecordsModule } from './report-records.module.js';
import { ReportServiceModule } from './report-service.module.js';
import { ResultWebhooks } from './result.webhooks.js';

@Module({
  imports: [
    ReportServiceModule,
    WaybillModule.forFeature({
      actions: [ReportSigned],
      intents: [ReportIntent],
      attachments: [ReportPdf],
      handlers: [ResultWebhooks],
      imports: [ReportRecordsModule, ReportServiceModule, PatientRecordsModule],
    }),
  ],
  controllers: [ReportController],
})
export class ReportsModule {}
