import { Injectable } from '@nestjs/common';
import { deadlineOf } from '../../retries/retry-decision.js';
import { DeadlinePassedError } from './deadline-passed.error.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Stops a delivery that has become pointless: before any work is done for it, and again at the moment of the call. */
@Injectable()
export class CheckDeadlineStep implements PipelineStep {
  run({ integration, log }: Delivery): void {
    const deadlineAt = deadlineOf(integration.retryPolicy, log.occurredAt);
    if (deadlineAt && deadlineAt.getTime() < Date.now()) throw new DeadlinePassedError(deadlineAt);
  }
}
