import { Injectable } from '@nestjs/common';
import { ActionDispatcher, type EmitResult } from 'waybill';
import { BillGenerated } from './bill.actions.js';
import type { Bill } from './bill.js';

/** The one place where actions about bills are emitted. */
@Injectable()
export class BillTriggers {
  constructor(private readonly actions: ActionDispatcher) {}

  generated({ _id, labId, patientId }: Bill): Promise<EmitResult> {
    return this.actions.emit(
      BillGenerated,
      { tenantId: labId, patientId, billId: _id },
      { idempotencyKey: `bill.generated:${_id}` },
    );
  }
}
