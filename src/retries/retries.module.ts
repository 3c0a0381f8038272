import { Module } from '@nestjs/common';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { SecurityModule } from '../security/security.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { BatchTries } from './batches/batch-tries.js';
import { BatchTurn } from './batches/batch-turn.js';
import { BatchWarnings } from './batches/batch-warnings.js';
import { RetryBatchService } from './batches/retry-batch.service.js';
import { RetryBatchStore } from './batches/retry-batch.store.js';
import { RetryBatchesWorker } from './batches/retry-batches.worker.js';
import { RetryScheduler } from './batches/retry-scheduler.js';
import { ResolutionService } from './resolution.service.js';
import { RetryService } from './retry.service.js';
import { WebhookReplayer } from './webhook-replayer.js';

@Module({
  imports: [StorageModule, SecurityModule, IntegrationsModule, LoggingModule, SchedulingModule],
  providers: [
    RetryService,
    ResolutionService,
    RetryBatchStore,
    RetryBatchService,
    WebhookReplayer,
    BatchTries,
    BatchWarnings,
    BatchTurn,
    RetryBatchesWorker,
    RetryScheduler,
  ],
  exports: [RetryService, ResolutionService, RetryBatchService, RetryBatchStore, WebhookReplayer],
})
export class RetriesModule {}
