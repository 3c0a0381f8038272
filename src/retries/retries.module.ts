import { Module } from '@nestjs/common';
import { LoggingModule } from '../logging/logging.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { RetryService } from './retry.service.js';

@Module({
  imports: [LoggingModule, SchedulingModule],
  providers: [RetryService],
  exports: [RetryService],
})
export class RetriesModule {}
