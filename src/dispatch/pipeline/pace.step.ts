import { Injectable } from '@nestjs/common';
import { CallPacer } from '../../scheduling/call-pacer.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Keeps the calls to the integration's rate, whatever the steps before took. */
@Injectable()
export class PaceStep implements PipelineStep {
  constructor(private readonly pacer: CallPacer) {}

  run({ integration }: Delivery): Promise<void> | void {
    if (integration.traffic.rate) return this.pacer.untilMayCall(integration);
  }
}
