import { Injectable } from '@nestjs/common';
import { AttachStep } from './attach.step.js';
import { AuthenticateStep } from './authenticate.step.js';
import { CheckDeadlineStep } from './check-deadline.step.js';
import { CheckSchemaStep } from './check-schema.step.js';
import { ClassifyStep } from './classify.step.js';
import { ComposeRequestStep } from './compose-request.step.js';
import type { Delivery } from './delivery.js';
import { verdictOfError } from './error-verdicts.js';
import { ExtractStep } from './extract.step.js';
import { MapBodyStep } from './map-body.step.js';
import type { PipelineStep } from './pipeline-step.js';
import { PlaceFilesStep } from './place-files.step.js';
import { RebuildIntentStep } from './rebuild-intent.step.js';
import { SendStep } from './send.step.js';
import type { Verdict } from './verdict.js';

/** The steps in the order they run. A new step is a file beside these and a line here. */
export const PIPELINE_STEPS = [
  CheckDeadlineStep,
  RebuildIntentStep,
  MapBodyStep,
  PlaceFilesStep,
  CheckSchemaStep,
  AttachStep,
  ComposeRequestStep,
  AuthenticateStep,
  CheckDeadlineStep,
  SendStep,
  ExtractStep,
] as const;

/** The one place where a QUEUED log becomes an HTTP call. */
@Injectable()
export class DeliveryPipeline {
  constructor(
    private readonly steps: readonly PipelineStep[],
    private readonly classify: ClassifyStep,
  ) {}

  /** Always answers: what a step throws is part of the verdict. */
  async run(delivery: Delivery): Promise<Verdict> {
    try {
      for (const step of this.steps) {
        const waiting = step.run(delivery);
        if (waiting) await waiting;
      }
      return await this.classify.verdict(delivery);
    } catch (error) {
      return verdictOfError(error);
    }
  }
}
