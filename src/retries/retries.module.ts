import { Module } from '@nestjs/common';
import { LoggingModule } from '../logging/logging.module.js';
import { QueuesModule } from '../queues/queues.module.js';
import { DeliveryQueue } from './delivery-queue.js';
import { RetryService } from './retry.service.js';

@Module({
  imports: [LoggingModule, QueuesModule],
  providers: [DeliveryQueue, RetryService],
  exports: [DeliveryQueue, RetryService],
})
export class RetriesModule {}
