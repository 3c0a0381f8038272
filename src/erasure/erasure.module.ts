import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { ErasureAudit } from './erasure-audit.js';
import { ErasureRunner } from './erasure-runner.js';
import { ErasureStore } from './erasure.store.js';
import { EventErasure } from './event-erasure.js';

@Module({
  imports: [AuditModule, StorageModule, LoggingModule],
  providers: [ErasureAudit, ErasureStore, EventErasure, ErasureRunner],
  exports: [ErasureAudit, ErasureStore],
})
export class ErasureModule {}
