import { createHash } from 'node:crypto';
import { type Attachment, AttachmentProvider, type AttachmentRequest, type AttachmentSource } from 'waybill';
import { PatientRepository } from '../patients/patient.repository.js';
import { renderReport } from './pdf/render-report.js';
import { ReportRepository } from './report.repository.js';

/** The report as a PDF, made when it is sent. The same records give the same bytes. */
@AttachmentProvider('report-pdf')
export class ReportPdf implements AttachmentSource {
  constructor(
    private readonly reports: ReportRepository,
    private readonly patients: PatientRepository,
  ) {}

  async provide({ context }: AttachmentRequest): Promise<Attachment<Buffer> | null> {
    const labId = String(context['tenantId']);
    const report = await this.reports.find(labId, String(context['reportId']));
    const patient = report && (await this.patients.find(labId, report.patientId));
    if (!report || !patient) return null;
    return {
      content: await renderReport(report, patient),
      contentType: 'application/pdf',
      fileName: `${report._id}.pdf`,
    };
  }

  /** What a vendor should have received, byte for byte. */
  async sha256(labId: string, reportId: string): Promise<string | null> {
    const attachment = await this.provide({ context: { tenantId: labId, reportId }, data: null });
    return attachment && createHash('sha256').update(attachment.content).digest('hex');
  }
}
