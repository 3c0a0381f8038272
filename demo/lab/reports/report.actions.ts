import { Matches } from 'class-validator';
import { ActionContext, defineAction } from 'waybill';

export class ReportContext extends ActionContext {
  @Matches(/^P-\d{4,}$/)
  patientId!: string;

  @Matches(/^R-\d{4,}$/)
  reportId!: string;
}

export const ReportSigned = defineAction({
  id: 75,
  name: 'report.signed',
  context: ReportContext,
  description: 'The result of a sample made its report final',
});
