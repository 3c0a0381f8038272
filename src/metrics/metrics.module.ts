import { Module } from '@nestjs/common';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { InboundModule } from '../inbound/inbound.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { QueuesModule } from '../queues/queues.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { DeliveryMetrics } from './delivery.metrics.js';
import { HookMetrics } from './hook.metrics.js';
import { LaneMetrics } from './lane.metrics.js';
import { LogMetrics } from './log.metrics.js';
import { WaitingMetrics } from './waiting.metrics.js';
import { WaybillMetrics } from './waybill-metrics.js';
import { WorkerMetrics } from './worker.metrics.js';

/** Counts and measures, whether or not anybody is served the result. */
@Module({
  imports: [QueuesModule, LoggingModule, SchedulingModule, DispatchModule, InboundModule],
  providers: [WaybillMetrics, DeliveryMetrics, HookMetrics, WorkerMetrics, WaitingMetrics, LaneMetrics, LogMetrics],
  exports: [WaybillMetrics],
})
export class MetricsModule {}
