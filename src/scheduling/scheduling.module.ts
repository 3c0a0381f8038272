import { Module } from '@nestjs/common';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { QueuesModule } from '../queues/queues.module.js';
import { Admission } from './admission.js';
import { CallPacer } from './call-pacer.js';
import { CallbackQueue } from './callback-queue.js';
import { DeliveryQueue } from './delivery-queue.js';
import { DeliverySlots } from './delivery-slots.js';
import { HeldDeliveries } from './held-deliveries.js';
import { LateCallbacks } from './late-callbacks.js';
import { LateDeliveries } from './late-deliveries.js';
import { TrafficService } from './traffic.service.js';
import { TryOwners } from './try-owners.js';

@Module({
  imports: [IntegrationsModule, LoggingModule, QueuesModule],
  providers: [
    Admission,
    CallbackQueue,
    CallPacer,
    DeliveryQueue,
    DeliverySlots,
    HeldDeliveries,
    LateCallbacks,
    LateDeliveries,
    TrafficService,
    TryOwners,
  ],
  exports: [
    CallbackQueue,
    CallPacer,
    DeliveryQueue,
    DeliverySlots,
    HeldDeliveries,
    LateCallbacks,
    LateDeliveries,
    TrafficService,
    TryOwners,
  ],
})
export class SchedulingModule {}
