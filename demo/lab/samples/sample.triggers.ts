import { Injectable } from '@nestjs/common';
import { ActionDispatcher, type EmitResult } from 'waybill';
import type { Order } from './order.js';
import { SampleReceived } from './sample.actions.js';

/** The one place where actions about samples are emitted. */
@Injectable()
export class SampleTriggers {
  constructor(private readonly actions: ActionDispatcher) {}

  received({ _id, labId, patientId }: Order): Promise<EmitResult> {
    return this.actions.emit(
      SampleReceived,
      { tenantId: labId, patientId, orderId: _id },
      { idempotencyKey: `sample.received:${_id}` },
    );
  }
}
