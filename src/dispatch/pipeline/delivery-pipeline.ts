import { Injectable } from '@nestjs/common';
import type { OutboundResponse } from '../../security/outbound-http/outbound-http.client.js';
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
import { PaceStep } from './pace.step.js';
import type { PipelineStep } from './pipeline-step.js';
import { PlaceFilesStep } from './place-files.step.js';
import { RebuildIntentStep } from './rebuild-intent.step.js';
import { RestoreBodyStep } from './restore-body.step.js';
import { SendStep } from './send.step.js';
import { SignStep } from './sign.step.js';
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
  SignStep,
  PaceStep,
  CheckDeadlineStep,
  SendStep,
  ExtractStep,
] as const;

/** The steps of a try that sends the body of the last one again. */
export const AS_SENT_STEPS = [
  CheckDeadlineStep,
  RestoreBodyStep,
  ComposeRequestStep,
  AuthenticateStep,
  SignStep,
  PaceStep,
  CheckDeadlineStep,
  SendStep,
  ExtractStep,
] as const;

const HTTP_UNAUTHORIZED = 401;

/** The one place where a QUEUED log becomes an HTTP call. */
@Injectable()
export class DeliveryPipeline {
  constructor(
    private readonly steps: readonly PipelineStep[],
    private readonly asSentSteps: readonly PipelineStep[],
    private readonly classify: ClassifyStep,
  ) {}

  /** Always answers: what a step throws is part of the verdict. */
  async run(delivery: Delivery): Promise<Verdict> {
    const steps = delivery.log.asSent ? this.asSentSteps : this.steps;
    try {
      await runAll(steps, delivery);
      const { response, token } = delivery;
      if (token !== null && response?.status === HTTP_UNAUTHORIZED) await callAgain(steps, delivery, response);
      return await this.classify.verdict(delivery);
    } catch (error) {
      return verdictOfError(error);
    }
  }
}

/** A token can end before its time; whether a new one is taken shows in the same try. It is asked for once. */
function callAgain(steps: readonly PipelineStep[], delivery: Delivery, refusal: OutboundResponse): Promise<void> {
  delivery.setAside(refusal);
  const from = steps.findIndex((step) => step instanceof AuthenticateStep);
  return runAll(steps.slice(from), delivery);
}

async function runAll(steps: readonly PipelineStep[], delivery: Delivery): Promise<void> {
  for (const step of steps) {
    const running = step.run(delivery);
    if (running) await running;
  }
}
