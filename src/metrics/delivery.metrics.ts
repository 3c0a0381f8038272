import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { DeliveryWatch, type DeliveryWatcher } from '../dispatch/delivery-watch.js';
import type { Attempt, LogSummary } from '../logging/integration-log.js';
import { WaybillMetrics } from './waybill-metrics.js';

/** From an answer of a vendor near by to one that takes all of the longest timeout. */
const TRY_BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** From an idle installation to a backlog of hours; a minute is where work counts as late. */
const WAIT_BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200];
/** The value of `error_class` where there is no error. */
const NO_ERROR = 'none';

/** How the deliveries of this process go. */
@Injectable()
export class DeliveryMetrics implements DeliveryWatcher {
  private readonly endedTotal: Counter<'status' | 'error_class'>;
  private readonly tryDuration: Histogram<'outcome' | 'error_class'>;
  private readonly wait: Histogram;

  constructor({ registry }: WaybillMetrics, watch: DeliveryWatch) {
    const registers = [registry];
    this.endedTotal = new Counter({
      name: 'waybill_deliveries_ended_total',
      help: 'Deliveries that have ended; one that a person retries ends once more',
      labelNames: ['status', 'error_class'],
      registers,
    });
    this.tryDuration = new Histogram({
      name: 'waybill_try_duration_seconds',
      help: 'Time from the begin of a try to its verdict: records, mapping, credentials and call',
      labelNames: ['outcome', 'error_class'],
      buckets: TRY_BUCKETS_SECONDS,
      registers,
    });
    this.wait = new Histogram({
      name: 'waybill_try_wait_seconds',
      help: 'Time from when a try was due to its begin',
      buckets: WAIT_BUCKETS_SECONDS,
      registers,
    });
    watch.add(this);
  }

  tried({ outcome, errorClass, durationMs, startedAt }: Attempt, dueAt: Date | null): void {
    // Of a try whose process died, nobody knows when it began and how long it took.
    if (outcome === 'unknown') return;
    this.tryDuration.observe({ outcome, error_class: errorClass ?? NO_ERROR }, durationMs / 1_000);
    if (dueAt) this.wait.observe(Math.max(0, startedAt.getTime() - dueAt.getTime()) / 1_000);
  }

  ended({ status, errorClass }: Pick<LogSummary, 'status' | 'errorClass'>): void {
    this.endedTotal.inc({ status, error_class: errorClass ?? NO_ERROR });
  }
}
