import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { SETTINGS, type Settings } from '../config/settings.js';
import { RedisModule } from '../storage/redis.module.js';
import { RedisConnections } from '../storage/redis-connections.js';
import { JobHandlers } from './job-handlers.js';
import { LANES } from './jobs.js';
import { LaneQueues } from './lane-queues.js';
import { LaneWorkers } from './lane-workers.js';
import { BULL_CONFIG_KEY, queueNameOf } from './queues.constants.js';

@Module({
  imports: [
    DiscoveryModule,
    RedisModule,
    BullModule.forRootAsync(BULL_CONFIG_KEY, {
      imports: [RedisModule],
      inject: [SETTINGS, RedisConnections],
      useFactory: ({ redis }: Settings, connections: RedisConnections) => ({
        connection: connections.forQueues(),
        prefix: redis.prefix,
      }),
    }),
    BullModule.registerQueue(...LANES.map((lane) => ({ name: queueNameOf(lane), configKey: BULL_CONFIG_KEY }))),
  ],
  providers: [LaneQueues, JobHandlers, LaneWorkers],
  exports: [LaneQueues, RedisModule],
})
export class QueuesModule {}
