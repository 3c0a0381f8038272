import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { CorrelationMiddleware } from '../http/correlation.middleware.js';
import { LoggingModule } from '../logging/logging.module.js';
import { QueuesModule } from '../queues/queues.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';

@Module({
  imports: [StorageModule, QueuesModule, LoggingModule, SchedulingModule],
  controllers: [HealthController],
  providers: [Readiness],
})
export class HealthModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(CorrelationMiddleware).forRoutes(HealthController);
  }
}
