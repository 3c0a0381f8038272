import { Module } from '@nestjs/common';
import { OrderRecordsModule } from '../samples/order-records.module.js';
import { ReportRecordsModule } from './report-records.module.js';
import { ReportService } from './report.service.js';
import { ReportTriggers } from './report.triggers.js';

/** What is done with reports: by the controller and by the webhooks alike. */
@Module({
  imports: [ReportRecordsModule, OrderRecordsModule],
  providers: [ReportService, ReportTriggers],
  exports: [ReportService],
})
export class ReportServiceModule {}
