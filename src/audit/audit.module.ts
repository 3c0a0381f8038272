import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.js';
import { AuditLog } from './audit-log.js';
import { AuditStore } from './audit.store.js';

@Module({ imports: [StorageModule], providers: [AuditLog, AuditStore], exports: [AuditLog, AuditStore] })
export class AuditModule {}
