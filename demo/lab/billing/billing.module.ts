import { Module } from '@nestjs/common';
import { WaybillModule } from 'waybill';
import { PatientRecordsModule } from '../patients/patient-records.module.js';
import { BillGenerated } from './bill.actions.js';
import { BillIntent } from './bill.intent.js';
import { BillRecordsModule } from './bill-records.module.js';
import { BillTriggers } from './bill.triggers.js';
import { BillingService } from './billing.service.js';
import { PaymentWebhooks } from './payment.webhooks.js';

@Module({
  imports: [
    BillRecordsModule,
    WaybillModule.forFeature({
      actions: [BillGenerated],
      intents: [BillIntent],
      handlers: [PaymentWebhooks],
      imports: [BillRecordsModule, PatientRecordsModule],
    }),
  ],
  providers: [BillingService, BillTriggers],
  exports: [BillingService],
})
export class BillingModule {}
