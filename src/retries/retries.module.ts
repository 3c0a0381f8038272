import { Module } from '@nestjs/common';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { BatchTurn } from './batches/batch-turn.js';
import { RetryBatchService } from './batches/retry-batch.service.js';
import { RetryBatchStore } from './batches/retry-batch.store.js';
import { RetryBatchesWorker } from './batches/retry-batches.worker.js';
import { RetryScheduler } from './batches/retry-scheduler.js';
import { ResolutionService } from './resolution.service.js';
import { RetryService } from './retry.service.js';

@Module({
  imports: [StorageModule, IntegrationsModule, LoggingModule, SchedulingModule],
  providers: [
    RetryService,
    ResolutionService,
    RetryBatchStore,
    RetryBatchService,
    BatchTurn,
    RetryBatchesWorker,
    RetryScheduler,
  ],
  exports: [RetryService, ResolutionService, RetryBatchService, RetryBatchStore],
})
export class RetriesModule {}
