import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.js';
import { FailureGroupStore } from './failures/failure-group.store.js';
import { InsightsLease } from './insights-lease.js';
import { InsightsRebuild } from './insights-rebuild.js';
import { RollupStore } from './rollup-store.js';
import { SpanReader } from './span-reader.js';
import { SpanSums } from './span-sums.js';

/** What a rebuild is made of: the database, without queues and without the HTTP API. */
@Module({
  imports: [StorageModule],
  providers: [InsightsLease, SpanReader, RollupStore, FailureGroupStore, SpanSums, InsightsRebuild],
})
export class InsightsRebuildModule {}
