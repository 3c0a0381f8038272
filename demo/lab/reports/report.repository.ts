import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import { LabDatabase } from '../lab-database.js';
import type { Report } from './report.js';

@Injectable()
export class ReportRepository {
  private readonly reports: Model<Report>;

  constructor(private readonly database: LabDatabase) {
    this.reports = database.model<Report>('reports', {
      _id: String,
      labId: String,
      patientId: String,
      orderId: String,
      title: String,
      status: String,
      signedBy: String,
      signedAt: { type: String, default: null },
      findings: { type: [Object], default: [] },
      hasScan: Boolean,
    });
  }

  async insert(report: Omit<Report, '_id'>): Promise<Report> {
    const inserted: Report = { _id: await this.database.nextId('R'), ...report };
    await this.reports.create(inserted);
    return inserted;
  }

  /** `null`: there is none for the order. */
  async complete(
    labId: string,
    orderId: string,
    result: Pick<Report, 'findings' | 'signedAt'>,
  ): Promise<Report | null> {
    return this.reports
      .findOneAndUpdate({ labId, orderId }, { $set: { ...result, status: 'final' } }, { returnDocument: 'after' })
      .lean<Report>();
  }

  async find(labId: string, id: string): Promise<Report | null> {
    return this.reports.findOne({ _id: id, labId }).lean<Report>();
  }
}
