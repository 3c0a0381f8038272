import { Module } from '@nestjs/common';
import { ActionsModule } from '../actions/actions.module.js';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { IntegrationTls } from '../integrations/tls/integration-tls.js';
import { LoggingModule } from '../logging/logging.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { SecretVault } from '../security/secrets/secret-vault.js';
import { SecurityModule } from '../security/security.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { ActionDispatcher } from './action-dispatcher.js';
import { EventAgain } from './again/event-again.js';
import { BacklogSweep } from './backlog-sweep.js';
import { DeliveryFollowUp } from './delivery-follow-up.js';
import { DeliveryOrder } from './delivery-order.js';
import { DeliveryRunner } from './delivery-runner.js';
import { DeliveryWatch } from './delivery-watch.js';
import { DeliveryWorker } from './delivery-worker.js';
import { DueTries } from './due-tries.js';
import { EventExpiry } from './event-expiry.js';
import { EventFilter } from './event-filter.js';
import { EventStore } from './event-store.js';
import { FanOut } from './fan-out.js';
import { AuthenticateStep } from './pipeline/authenticate.step.js';
import { ClassifyStep } from './pipeline/classify.step.js';
import { AS_SENT_STEPS, DeliveryPipeline, PIPELINE_STEPS } from './pipeline/delivery-pipeline.js';
import type { PipelineStep } from './pipeline/pipeline-step.js';
import { RestoreBodyStep } from './pipeline/restore-body.step.js';
import { SharedTokenDesks, TokenDesks } from './pipeline/token-desks.js';
import { DeliveryPreview } from './preview/delivery-preview.js';
import { PreviewPipeline, previewSteps, WithheldTokenDesks } from './preview/preview-pipeline.js';
import { PreviewRuns } from './preview/preview-runs.js';
import { PreviewWarnings } from './preview/preview-warnings.js';
import { WebhookPreviewer } from './preview/webhook-previewer.js';
import { HeldSweep } from './held-sweep.js';
import { Reconciler } from './reconciler.js';
import { TryWorker } from './try-worker.js';

@Module({
  imports: [StorageModule, SecurityModule, ActionsModule, IntegrationsModule, LoggingModule, SchedulingModule],
  providers: [
    EventFilter,
    FanOut,
    EventStore,
    EventExpiry,
    ActionDispatcher,
    { provide: TokenDesks, useClass: SharedTokenDesks },
    ...PIPELINE_STEPS,
    RestoreBodyStep,
    ClassifyStep,
    {
      provide: PreviewPipeline,
      inject: [SecretVault, IntegrationTls, ...PIPELINE_STEPS],
      useFactory: (vault: SecretVault, tls: IntegrationTls, ...steps: PipelineStep[]) =>
        new PreviewPipeline(previewSteps(steps, new AuthenticateStep(vault, tls, new WithheldTokenDesks()))),
    },
    {
      provide: DeliveryPipeline,
      inject: [ClassifyStep, ...PIPELINE_STEPS, ...AS_SENT_STEPS],
      useFactory: (classify: ClassifyStep, ...steps: PipelineStep[]) =>
        new DeliveryPipeline(steps.slice(0, PIPELINE_STEPS.length), steps.slice(PIPELINE_STEPS.length), classify),
    },
    PreviewRuns,
    WebhookPreviewer,
    DeliveryPreview,
    EventAgain,
    PreviewWarnings,
    DeliveryRunner,
    DeliveryOrder,
    DeliveryFollowUp,
    DeliveryWatch,
    TryWorker,
    DeliveryWorker,
    DueTries,
    BacklogSweep,
    HeldSweep,
    Reconciler,
  ],
  exports: [
    TryWorker,
    DueTries,
    DeliveryFollowUp,
    DeliveryOrder,
    ActionDispatcher,
    EventStore,
    DeliveryWatch,
    DeliveryPreview,
    WebhookPreviewer,
    EventAgain,
  ],
})
export class DispatchModule {}
