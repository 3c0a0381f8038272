import { Module } from '@nestjs/common';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { ResolutionService } from './resolution.service.js';
import { RetryService } from './retry.service.js';

@Module({
  imports: [IntegrationsModule, LoggingModule, SchedulingModule],
  providers: [RetryService, ResolutionService],
  exports: [RetryService, ResolutionService],
})
export class RetriesModule {}
