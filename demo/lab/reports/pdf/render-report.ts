import { PDFDocument } from 'pdf-lib';
import type { Patient } from '../../patients/patient.js';
import type { Report } from '../report.js';
import { addScannedPage } from './scanned-page.js';
import { TextColumn } from './text-column.js';

/** The same records give the same bytes: the document is dated by the signature, not by the clock. */
export async function renderReport(report: Report, patient: Patient): Promise<Buffer> {
  const document = await PDFDocument.create({ updateMetadata: false });
  document.setTitle(`${report.title} ${report._id}`);
  document.setAuthor(report.signedBy);
  document.setProducer('Waybill demo lab with pdf-lib');
  if (report.signedAt !== null) document.setCreationDate(new Date(report.signedAt));
  const column = await TextColumn.of(document);
  column.write(report.title, 16);
  column.write(`Report ${report._id}   Order ${report.orderId}`);
  column.write(`${patient.family}, ${patient.given}   born ${patient.birthDate}   ${patient.mrn}`);
  column.skipLine();
  for (const { name, value, unit } of report.findings) column.write(`${name}: ${value} ${unit ?? ''}`);
  column.skipLine();
  column.write(`Signed by ${report.signedBy} at ${report.signedAt ?? ''}`);
  if (report.hasScan) addScannedPage(document, report._id);
  return Buffer.from(await document.save());
}
