import { REDACTED } from '../../common/redaction.js';
import { AuthenticateStep } from '../pipeline/authenticate.step.js';
import type { Delivery } from '../pipeline/delivery.js';
import { verdictOfError } from '../pipeline/error-verdicts.js';
import { PaceStep } from '../pipeline/pace.step.js';
import type { PipelineStep } from '../pipeline/pipeline-step.js';
import { type OpenDesk, TokenDesks } from '../pipeline/token-desks.js';
import type { FailVerdict } from '../pipeline/verdict.js';

/** Gives out a stand-in for every token, and calls nobody. */
export class WithheldTokenDesks extends TokenDesks {
  open(): OpenDesk {
    return {
      receipt: null,
      token: () => Promise.resolve(REDACTED),
      send: () => Promise.reject(new Error('A preview calls nobody')),
    };
  }
}

/** Of the steps of a try those that make the request, none of those that send it. */
export const previewSteps = (steps: readonly PipelineStep[], authenticate: AuthenticateStep): PipelineStep[] =>
  steps
    .slice(
      0,
      steps.findIndex((step) => step instanceof PaceStep),
    )
    .map((step) => (step instanceof AuthenticateStep ? authenticate : step));

/** Makes the request that a try would send, and does not send it. */
export class PreviewPipeline {
  constructor(private readonly steps: readonly PipelineStep[]) {}

  /** Answers with why there would be no call; `null` where there would be one. */
  async run(delivery: Delivery): Promise<FailVerdict | null> {
    try {
      for (const step of this.steps) await step.run(delivery);
      return null;
    } catch (error) {
      return verdictOfError(error);
    }
  }
}
