import { Module } from '@nestjs/common';
import { ActionsModule } from '../actions/actions.module.js';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { SecurityModule } from '../security/security.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { ActionDispatcher } from './action-dispatcher.js';
import { BacklogSweep } from './backlog-sweep.js';
import { DeliveryFollowUp } from './delivery-follow-up.js';
import { DeliveryOrder } from './delivery-order.js';
import { DeliveryRunner } from './delivery-runner.js';
import { DeliveryWatch } from './delivery-watch.js';
import { DeliveryWorker } from './delivery-worker.js';
import { DueTries } from './due-tries.js';
import { EventFilter } from './event-filter.js';
import { EventStore } from './event-store.js';
import { FanOut } from './fan-out.js';
import { ClassifyStep } from './pipeline/classify.step.js';
import { DeliveryPipeline, PIPELINE_STEPS } from './pipeline/delivery-pipeline.js';
import type { PipelineStep } from './pipeline/pipeline-step.js';
import { Reconciler } from './reconciler.js';

@Module({
  imports: [StorageModule, SecurityModule, ActionsModule, IntegrationsModule, LoggingModule, SchedulingModule],
  providers: [
    EventFilter,
    FanOut,
    EventStore,
    ActionDispatcher,
    ...PIPELINE_STEPS,
    ClassifyStep,
    {
      provide: DeliveryPipeline,
      inject: [ClassifyStep, ...PIPELINE_STEPS],
      useFactory: (classify: ClassifyStep, ...steps: PipelineStep[]) => new DeliveryPipeline(steps, classify),
    },
    DeliveryRunner,
    DeliveryOrder,
    DeliveryFollowUp,
    DeliveryWatch,
    DeliveryWorker,
    DueTries,
    BacklogSweep,
    Reconciler,
  ],
  exports: [ActionDispatcher, EventStore, DeliveryWatch],
})
export class DispatchModule {}
