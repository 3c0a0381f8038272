import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { bounded } from '../common/bounded.js';
import { JOB_STATES, LANES, type Lane } from '../queues/jobs.js';
import { LaneQueues } from '../queues/lane-queues.js';
import { WaybillMetrics } from './waybill-metrics.js';

/** Prometheus gives a scrape 10 s: one must not fail for a Redis that is away. */
const COUNTING_TIMEOUT_MS = 1_000;

/** What is in the lanes, which all processes share. */
@Injectable()
export class LaneMetrics {
  private readonly gauge: Gauge<'lane' | 'state'>;

  constructor(
    { registry }: WaybillMetrics,
    private readonly lanes: LaneQueues,
  ) {
    this.gauge = new Gauge({
      name: 'waybill_lane_jobs',
      help: 'Jobs in a lane, the same in every process; missing while Redis does not answer',
      labelNames: ['lane', 'state'],
      registers: [registry],
      collect: () => this.collect(),
    });
  }

  private async collect(): Promise<void> {
    this.gauge.reset();
    await Promise.all(LANES.map((lane) => this.count(lane)));
  }

  private async count(lane: Lane): Promise<void> {
    try {
      const counts = await bounded(this.lanes.countJobs(lane), COUNTING_TIMEOUT_MS, `Counting the jobs of ${lane}`);
      for (const state of JOB_STATES) this.gauge.set({ lane, state }, counts[state] ?? 0);
    } catch {
      // The missing value says so, to those who watch.
    }
  }
}
