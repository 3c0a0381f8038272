import { Injectable } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { RegisterPatientDto } from '../patients/patient.dto.js';
import { PatientService } from '../patients/patient.service.js';
import { SampleService } from '../samples/sample.service.js';
import { parseCsv } from './csv.js';

/** A row of an upload that was not taken, and why; the others are taken. */
interface RefusedRow {
  readonly row: number;
  readonly reason: string;
}

/** Files that come in by the hundred rows: a company's employees, a courier's list of samples. */
@Injectable()
export class BulkUpload {
  constructor(
    private readonly patients: PatientService,
    private readonly samples: SampleService,
  ) {}

  /** Columns: mrn, given, family, birthDate, sex, phone, policyNumber. */
  registerPatients(labId: string, csv: string) {
    return eachRow(csv, (row) => {
      const phone = row['phone'] === '' ? null : row['phone'];
      const details = plainToInstance(RegisterPatientDto, { ...row, phone });
      const faults = validateSync(details, { whitelist: true, forbidNonWhitelisted: true });
      if (faults.length > 0) throw new Error(faults.map(String).join('; '));
      return this.patients.register(labId, details, 'upload');
    });
  }

  /** Columns: orderId. */
  receiveSamples(labId: string, csv: string) {
    return eachRow(csv, (row) => this.samples.receive(labId, row['orderId'] ?? ''));
  }
}

async function eachRow<T>(
  csv: string,
  take: (row: Readonly<Record<string, string>>) => Promise<T>,
): Promise<{ taken: T[]; refused: RefusedRow[] }> {
  const taken: T[] = [];
  const refused: RefusedRow[] = [];
  for (const [index, row] of parseCsv(csv).entries()) {
    try {
      taken.push(await take(row));
    } catch (error) {
      refused.push({ row: index + 1, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { taken, refused };
}
