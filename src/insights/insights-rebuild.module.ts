import { Module } from '@nestjs/common';
import { optionsFromEnvironment } from '../config/environment.js';
import { resolveSettings, SETTINGS } from '../config/settings.js';
import { Database } from '../storage/database.js';
import { FailureGroupStore } from './failures/failure-group.store.js';
import { InsightsLease } from './insights-lease.js';
import { InsightsRebuild } from './insights-rebuild.js';
import { RollupStore } from './rollup-store.js';
import { SpanReader } from './span-reader.js';
import { SpanSums } from './span-sums.js';

/** What the settings ask for and a rebuild does not need. */
const NOT_NEEDED = {
  REDIS_URL: 'redis://unused',
  WAYBILL_SECRET_KEYS: `unused:${Buffer.alloc(32).toString('base64')}`,
};

/** What a rebuild is made of: the database, without queues and without the HTTP API. */
@Module({
  providers: [
    {
      provide: SETTINGS,
      useFactory: () => resolveSettings(optionsFromEnvironment({ ...process.env, ...NOT_NEEDED }).options),
    },
    Database,
    InsightsLease,
    SpanReader,
    RollupStore,
    FailureGroupStore,
    SpanSums,
    InsightsRebuild,
  ],
})
export class InsightsRebuildModule {}
