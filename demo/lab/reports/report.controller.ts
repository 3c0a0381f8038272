import { Body, Controller, Param, Post } from '@nestjs/common';
import { LAB_INPUT } from '../lab-input.js';
import { OpenReportDto } from './report.dto.js';
import { ReportService } from './report.service.js';

/** The lab's own HTTP API for reports: what the pathologist's screen calls. */
@Controller('lab/:labId/orders')
export class ReportController {
  constructor(private readonly reports: ReportService) {}

  @Post(':id/report')
  open(@Param('labId') labId: string, @Param('id') id: string, @Body(LAB_INPUT) body: OpenReportDto) {
    return this.reports.open(labId, id, body);
  }
}
