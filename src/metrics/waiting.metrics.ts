import { Inject, Injectable } from '@nestjs/common';
import { ROLE } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { HeldDeliveries } from '../scheduling/held-deliveries.js';
import { LateCallbacks } from '../scheduling/late-callbacks.js';
import { LateDeliveries } from '../scheduling/late-deliveries.js';
import { gaugesIn } from './gauges-in.js';
import { secondsSince } from './seconds-since.js';
import { WaybillMetrics } from './waybill-metrics.js';

/** What waits for longer than it should, in the whole installation. */
@Injectable()
export class WaitingMetrics {
  constructor(
    { registry }: WaybillMetrics,
    late: LateDeliveries,
    held: HeldDeliveries,
    lateCallbacks: LateCallbacks,
    @Inject(ROLE) role: Role,
  ) {
    // A process that delivers nothing has not looked, and must not say that nothing is late.
    if (role === 'api') return;
    const gauge = gaugesIn(registry);
    gauge('waybill_late_integrations', 'Integrations with a delivery that was due over a minute ago', () =>
      late.count(),
    );
    gauge('waybill_late_oldest_seconds', 'How long ago the oldest late delivery was due; 0: none is late', () =>
      secondsSince(late.oldestDueAt()),
    );
    gauge('waybill_held_deliveries', 'Deliveries that wait for another one with the same ordering key', () =>
      held.count(),
    );
    gauge('waybill_held_oldest_seconds', 'How long the longest waiting of them has waited; 0: there is none', () =>
      secondsSince(held.oldestSince()),
    );
    gauge(
      'waybill_late_callback_receivers',
      'Receivers of status updates with one that was due over a minute ago',
      () => lateCallbacks.count(),
    );
    gauge(
      'waybill_late_callback_oldest_seconds',
      'How long ago the oldest late status update was due; 0: none is late',
      () => secondsSince(lateCallbacks.oldestDueAt()),
    );
  }
}
