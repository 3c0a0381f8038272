import { Injectable } from '@nestjs/common';
import { ActionDispatcher, type EmitResult } from 'waybill';
import { PatientRegistered } from './patient.actions.js';
import type { Patient } from './patient.js';

/** The one place where actions about patients are emitted, whichever door the patient came in by. */
@Injectable()
export class PatientTriggers {
  constructor(private readonly actions: ActionDispatcher) {}

  registered({ _id, labId, channel }: Patient): Promise<EmitResult> {
    return this.actions.emit(
      PatientRegistered,
      { tenantId: labId, patientId: _id, channel },
      { idempotencyKey: `patient.registered:${_id}` },
    );
  }
}
