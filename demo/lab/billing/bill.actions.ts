import { Matches } from 'class-validator';
import { ActionContext, defineAction } from 'waybill';

export class BillContext extends ActionContext {
  @Matches(/^P-\d{4,}$/)
  patientId!: string;

  @Matches(/^B-\d{4,}$/)
  billId!: string;
}

export const BillGenerated = defineAction({
  id: 1,
  name: 'bill.generated',
  context: BillContext,
  description: 'The bill of an order was generated',
});
