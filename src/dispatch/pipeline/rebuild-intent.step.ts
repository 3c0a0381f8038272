import { Injectable } from '@nestjs/common';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Re-reads the live records: the same on the first try and on every retry. */
@Injectable()
export class RebuildIntentStep implements PipelineStep {
  async run(delivery: Delivery): Promise<void> {
    const { context, correlationId } = delivery.log;
    delivery.data = await delivery.action.rebuild({ context, correlationId });
  }
}
