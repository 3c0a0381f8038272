import { Inject, Injectable } from '@nestjs/common';
import { ROLE } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { LogWriter } from '../logging/log-writer.js';
import { DeliverySlots } from '../scheduling/delivery-slots.js';
import { gaugesIn } from './gauges-in.js';
import { WaybillMetrics } from './waybill-metrics.js';

/** What this process knows of the work before it and behind it. */
@Injectable()
export class WorkerMetrics {
  constructor({ registry }: WaybillMetrics, slots: DeliverySlots, writer: LogWriter, @Inject(ROLE) role: Role) {
    const gauge = gaugesIn(registry);
    gauge('waybill_log_entries_pending', 'Log entries in the memory of this process, durable nowhere yet', () =>
      writer.pendingCount(),
    );
    if (role === 'api') return;
    gauge('waybill_breakers_open', 'Integrations whose breaker is open, as far as this process has heard', () =>
      slots.openBreakers(),
    );
  }
}
