import { Module } from '@nestjs/common';
import { LoggingModule } from '../logging/logging.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { FailureGroupStore } from './failures/failure-group.store.js';
import { FailureGroups } from './failures/failure-groups.js';
import { InsightsLease } from './insights-lease.js';
import { InsightsRebuild } from './insights-rebuild.js';
import { InsightsRounds } from './insights-rounds.js';
import { InsightsSweep } from './insights-sweep.js';
import { RollupStore } from './rollup-store.js';
import { SpanReader } from './span-reader.js';
import { SpanSums } from './span-sums.js';
import { Stats } from './stats.js';

/** What many logs come to together: statistics, and failures of one kind as one. */
@Module({
  imports: [StorageModule, LoggingModule],
  providers: [
    InsightsLease,
    SpanReader,
    RollupStore,
    FailureGroupStore,
    SpanSums,
    InsightsSweep,
    InsightsRounds,
    InsightsRebuild,
    Stats,
    FailureGroups,
  ],
  exports: [Stats, FailureGroups, FailureGroupStore, InsightsRebuild],
})
export class InsightsModule {}
