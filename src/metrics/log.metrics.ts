import { Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { bounded } from '../common/bounded.js';
import { LogFallback } from '../logging/log-fallback.js';
import { LogWriter } from '../logging/log-writer.js';
import { gaugesIn } from './gauges-in.js';
import { secondsSince } from './seconds-since.js';
import { WaybillMetrics } from './waybill-metrics.js';

/** Prometheus gives a scrape 10 s: one must not fail for a Redis that is away. */
const COUNTING_TIMEOUT_MS = 1_000;

/** Log entries that are not in MongoDB yet, and what became of them. */
@Injectable()
export class LogMetrics {
  constructor(
    private readonly metrics: WaybillMetrics,
    fallback: LogFallback,
    writer: LogWriter,
  ) {
    const gauge = gaugesIn(metrics.registry);
    gauge('waybill_log_spool_bytes', 'Log entries in files of this process', () => fallback.spooledBytes());
    gauge('waybill_log_spool_max_bytes', 'What those files may hold', () => fallback.maxSpooledBytes());
    gauge('waybill_log_stuck_seconds', 'How long log entries have found room only in memory; 0: they find it', () =>
      secondsSince(writer.stuckSince()),
    );
    this.queued(fallback);
    this.counter('waybill_log_entries_drained_total', 'Log entries that were kept and are in MongoDB now', () =>
      fallback.drainedCount(),
    );
    this.counter('waybill_log_entries_refused_total', 'Log entries that were kept and MongoDB did not take', () =>
      fallback.refusedCount(),
    );
    this.counter('waybill_log_entries_dropped_total', 'Log entries that found no room anywhere', () =>
      writer.droppedCount(),
    );
  }

  private queued(fallback: LogFallback): void {
    const gauge: Gauge = new Gauge({
      name: 'waybill_log_queue_entries',
      help: 'Log entries in Redis, the same in every process; missing while Redis does not answer',
      registers: [this.metrics.registry],
      collect: async () => {
        gauge.remove();
        const counting = bounded(fallback.countQueued(), COUNTING_TIMEOUT_MS, 'Counting log entries in Redis');
        await counting.then((count) => gauge.set(count)).catch(() => undefined);
      },
    });
  }

  private counter(name: string, help: string, read: () => number): void {
    const registers = [this.metrics.registry];
    const collect = () => {
      counter.reset();
      counter.inc(read());
    };
    const counter: Counter = new Counter({ name, help, registers, collect });
  }
}
