import { Matches } from 'class-validator';
import { ActionContext, defineAction } from 'waybill';

export class SampleContext extends ActionContext {
  @Matches(/^P-\d{4,}$/)
  patientId!: string;

  @Matches(/^O-\d{4,}$/)
  orderId!: string;
}

export const SampleReceived = defineAction({
  id: 60,
  name: 'sample.received',
  context: SampleContext,
  description: 'The sample of an order arrived in the lab',
});
