import { Injectable } from '@nestjs/common';
import { ActionDispatcher, type EmitResult } from 'waybill';
import { ReportSigned } from './report.actions.js';
import type { Report } from './report.js';

/** The one place where actions about reports are emitted. */
@Injectable()
export class ReportTriggers {
  constructor(private readonly actions: ActionDispatcher) {}

  signed({ _id, labId, patientId }: Report): Promise<EmitResult> {
    return this.actions.emit(
      ReportSigned,
      { tenantId: labId, patientId, reportId: _id },
      { idempotencyKey: `report.signed:${_id}` },
    );
  }
}
