import { Module } from '@nestjs/common';
import { ReportRepository } from './report.repository.js';

/** The records alone: what the intent and the PDF of a report read. */
@Module({ providers: [ReportRepository], exports: [ReportRepository] })
export class ReportRecordsModule {}
