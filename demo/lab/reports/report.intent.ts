import { type Intent, IntentFor } from 'waybill';
import { PatientRepository } from '../patients/patient.repository.js';
import { ReportContext, ReportSigned } from './report.actions.js';
import { ReportRepository } from './report.repository.js';

@IntentFor(ReportSigned)
export class ReportIntent implements Intent<ReportContext> {
  constructor(
    private readonly reports: ReportRepository,
    private readonly patients: PatientRepository,
  ) {}

  async rebuild({ tenantId, patientId, reportId }: ReportContext) {
    const [report, patient] = await Promise.all([
      this.reports.find(tenantId, reportId),
      this.patients.find(tenantId, patientId),
    ]);
    return report && patient ? { report, patient } : null;
  }
}
