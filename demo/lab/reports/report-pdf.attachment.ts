import { createHash } from 'node:crypto';
import { type Attachment, AttachmentProvider, type AttachmentRequest, type AttachmentSource } from 'waybill';
import type { Patient } from '../patients/patient.js';
import { PatientRepository } from '../patients/patient.repository.js';
import { PdfDocument } from './pdf/pdf-document.js';
import { scannedPage } from './pdf/scanned-page.js';
import type { Report } from './report.js';
import { ReportRepository } from './report.repository.js';

/** The report as a PDF, made when it is sent. The same records give the same bytes. */
@AttachmentProvider('report-pdf')
export class ReportPdf implements AttachmentSource {
  constructor(
    private readonly reports: ReportRepository,
    private readonly patients: PatientRepository,
  ) {}

  async provide({ context }: AttachmentRequest): Promise<Attachment | null> {
    const labId = String(context['tenantId']);
    const report = await this.reports.find(labId, String(context['reportId']));
    const patient = report && (await this.patients.find(labId, report.patientId));
    if (!report || !patient) return null;
    return { content: render(report, patient), contentType: 'application/pdf', fileName: `${report._id}.pdf` };
  }

  /** What a vendor should have received, byte for byte. */
  async sha256(labId: string, reportId: string): Promise<string | null> {
    const attachment = await this.provide({ context: { tenantId: labId, reportId }, data: null });
    return attachment && createHash('sha256').update(attachment.content).digest('hex');
  }
}

function render(report: Report, patient: Patient): Buffer {
  const document = new PdfDocument(`${report.title} ${report._id}`);
  document.writeLine(report.title, 16);
  document.writeLine(`Report ${report._id}   Order ${report.orderId}`);
  document.writeLine(`${patient.family}, ${patient.given}   born ${patient.birthDate}   ${patient.mrn}`);
  document.writeLine('');
  for (const { name, value, unit } of report.findings) document.writeLine(`${name}: ${value} ${unit ?? ''}`);
  document.writeLine('');
  document.writeLine(`Signed by ${report.signedBy} at ${report.signedAt}`);
  if (report.hasScan) document.addImagePage(scannedPage(report._id));
  return document.toBuffer();
}
