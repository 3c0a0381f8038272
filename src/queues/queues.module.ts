import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Redis } from 'ioredis';
import { SETTINGS, type Settings } from '../config/settings.js';
import { JobHandlers } from './job-handlers.js';
import { LANES } from './jobs.js';
import { LaneQueues } from './lane-queues.js';
import { LaneWorkers } from './lane-workers.js';
import { BULL_CONFIG_KEY, queueNameOf } from './queues.constants.js';

/** Longer than this a caller of `emit` never waits for Redis; the reconciler queues what could not be queued. */
const PRODUCER_TIMEOUT_MS = 2_000;

@Module({
  imports: [
    DiscoveryModule,
    BullModule.forRootAsync(BULL_CONFIG_KEY, {
      inject: [SETTINGS],
      useFactory: ({ redis }: Settings) => ({
        connection: new Redis(redis.url, {
          enableOfflineQueue: false,
          commandTimeout: PRODUCER_TIMEOUT_MS,
          maxRetriesPerRequest: 1,
        }),
        prefix: redis.prefix,
      }),
    }),
    BullModule.registerQueue(...LANES.map((lane) => ({ name: queueNameOf(lane), configKey: BULL_CONFIG_KEY }))),
  ],
  providers: [LaneQueues, JobHandlers, LaneWorkers],
  exports: [LaneQueues],
})
export class QueuesModule {}
