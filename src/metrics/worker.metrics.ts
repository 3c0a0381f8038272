import { Inject, Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { ROLE } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { LogWriter } from '../logging/log-writer.js';
import { DeliverySlots } from '../scheduling/delivery-slots.js';
import { LateWatch } from '../scheduling/late-watch.js';
import { secondsSince } from './seconds-since.js';
import { WaybillMetrics } from './waybill-metrics.js';

/** What this process knows of the work before it and behind it. */
@Injectable()
export class WorkerMetrics {
  constructor(
    private readonly metrics: WaybillMetrics,
    late: LateWatch,
    slots: DeliverySlots,
    writer: LogWriter,
    @Inject(ROLE) role: Role,
  ) {
    this.gauge('waybill_log_entries_pending', 'Log entries in the memory of this process, durable nowhere yet', () =>
      writer.pendingCount(),
    );
    // A process that delivers nothing has not looked, and must not say that nothing is late.
    if (role === 'api') return;
    this.gauge('waybill_late_integrations', 'Integrations with a delivery that was due over a minute ago', () =>
      late.count(),
    );
    this.gauge('waybill_late_oldest_seconds', 'How long ago the oldest late delivery was due; 0: none is late', () =>
      secondsSince(late.oldestDueAt()),
    );
    this.gauge('waybill_breakers_open', 'Integrations whose breaker is open, as far as this process has heard', () =>
      slots.openBreakers(),
    );
  }

  private gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.metrics.registry],
      collect: () => gauge.set(read()),
    });
  }
}
