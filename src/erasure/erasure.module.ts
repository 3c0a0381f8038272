import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { InsightsModule } from '../insights/insights.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { RetriesModule } from '../retries/retries.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { EchoErasure } from './echo-erasure.js';
import { ErasureAudit } from './erasure-audit.js';
import { ErasureRunner } from './erasure-runner.js';
import { ErasureStore } from './erasure.store.js';
import { EventErasure } from './event-erasure.js';
import { LateEntries } from './late-entries.js';

@Module({
  imports: [AuditModule, StorageModule, LoggingModule, InsightsModule, RetriesModule],
  providers: [ErasureAudit, ErasureStore, EventErasure, EchoErasure, LateEntries, ErasureRunner],
  exports: [ErasureAudit, ErasureStore],
})
export class ErasureModule {}
