import { Module } from '@nestjs/common';
import { WaybillModule } from 'waybill';
import { OrderRecordsModule } from './order-records.module.js';
import { SampleReceived } from './sample.actions.js';
import { SampleController } from './sample.controller.js';
import { SampleIntent } from './sample.intent.js';
import { SampleService } from './sample.service.js';
import { SampleTriggers } from './sample.triggers.js';

@Module({
  imports: [
    OrderRecordsModule,
    WaybillModule.forFeature({ actions: [SampleReceived], intents: [SampleIntent], imports: [OrderRecordsModule] }),
  ],
  controllers: [SampleController],
  providers: [SampleService, SampleTriggers],
  exports: [SampleService],
})
export class SamplesModule {}
