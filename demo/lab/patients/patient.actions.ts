import { IsIn, Matches } from 'class-validator';
import { ActionContext, defineAction } from 'waybill';
import { type Channel, CHANNELS } from './patient.js';

/** Ids and primitives only: whoever reads the queue learns nobody's name. */
export class PatientContext extends ActionContext {
  @Matches(/^P-\d{4,}$/)
  patientId!: string;

  @IsIn(CHANNELS)
  channel!: Channel;
}

export const PatientRegistered = defineAction({
  id: 57,
  name: 'patient.registered',
  context: PatientContext,
  description: 'A patient was registered: at the desk, by a bulk upload or over HTTP',
});
