import { Module } from '@nestjs/common';
import { WaybillModule } from 'waybill';
import { PatientRecordsModule } from '../patients/patient-records.module.js';
import { OrderRecordsModule } from '../samples/order-records.module.js';
import { ReportPdf } from './report-pdf.attachment.js';
import { ReportSigned } from './report.actions.js';
import { ReportController } from './report.controller.js';
import { ReportIntent } from './report.intent.js';
import { ReportRecordsModule } from './report-records.module.js';
import { ReportService } from './report.service.js';
import { ReportTriggers } from './report.triggers.js';

@Module({
  imports: [
    ReportRecordsModule,
    OrderRecordsModule,
    WaybillModule.forFeature({
      actions: [ReportSigned],
      intents: [ReportIntent],
      attachments: [ReportPdf],
      imports: [ReportRecordsModule, PatientRecordsModule],
    }),
  ],
  controllers: [ReportController],
  providers: [ReportService, ReportTriggers],
})
export class ReportsModule {}
