import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { HookWatch, type HookWatcher } from '../inbound/hooks/hook-watch.js';
import { WaybillMetrics } from './waybill-metrics.js';

/** From a group commit on an idle machine to what a vendor no longer waits for. */
const ACKNOWLEDGE_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** How the requests of vendors fare in this process. */
@Injectable()
export class HookMetrics implements HookWatcher {
  private readonly takenTotal: Counter<'outcome'>;
  private readonly refusedTotal: Counter<'reason'>;
  private readonly acknowledged: Histogram<'mode'>;

  constructor({ registry }: WaybillMetrics, watch: HookWatch) {
    const registers = [registry];
    this.takenTotal = new Counter({
      name: 'waybill_webhooks_taken_total',
      help: 'Webhooks that were verified and are durable: new ones, copies, and those kept while MongoDB is away',
      labelNames: ['outcome'],
      registers,
    });
    this.refusedTotal = new Counter({
      name: 'waybill_webhooks_refused_total',
      help: 'Requests at addresses of webhooks that were not taken, by the code of the answer',
      labelNames: ['reason'],
      registers,
    });
    this.acknowledged = new Histogram({
      name: 'waybill_webhook_acknowledge_seconds',
      help: 'Time from the head of a webhook to its answer; where the source is sync, with its handler',
      labelNames: ['mode'],
      buckets: ACKNOWLEDGE_BUCKETS_SECONDS,
      registers,
    });
    watch.add(this);
  }

  taken(outcome: Parameters<HookWatcher['taken']>[0], mode: Parameters<HookWatcher['taken']>[1], ms: number): void {
    this.takenTotal.inc({ outcome });
    this.acknowledged.observe({ mode }, ms / 1_000);
  }

  refused(reason: string): void {
    this.refusedTotal.inc({ reason });
  }
}
