import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ActionsModule } from '../actions/actions.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { RetriesModule } from '../retries/retries.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { SecurityModule } from '../security/security.module.js';
import { RedisModule } from '../storage/redis.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { BulkWork } from './bulk/bulk-work.js';
import { WebhookFileStore } from './bulk/webhook-file.store.js';
import { WebhookHandlers } from './handlers/webhook-handlers.js';
import { FirstAnswers } from './hooks/first-answers.js';
import { FirstTurns } from './hooks/first-turns.js';
import { HookGate } from './hooks/hook-gate.js';
import { HookRequests } from './hooks/hook-requests.js';
import { HookWatch } from './hooks/hook-watch.js';
import { RefusedWebhooks } from './hooks/refused-webhooks.js';
import { SourceRate } from './hooks/source-rate.js';
import { WebhookIntake } from './hooks/webhook-intake.js';
import { WebhookReceiver } from './hooks/webhook-receiver.js';
import { WebhookStorage } from './hooks/webhook-storage.js';
import { SourceChecker } from './sources/source-checker.js';
import { SourcePages } from './page/source-page.js';
import { BatchReplays } from './replay/batch-replays.js';
import { WebhookPreviews } from './replay/webhook-previews.js';
import { WebhookReplay } from './replay/webhook-replay.js';
import { SourceDirectory } from './sources/source-directory.js';
import { SourceEditor } from './sources/source-editor.js';
import { SourcePauses } from './sources/source-pauses.js';
import { SourceRotation } from './sources/source-rotation.js';
import { SourceSecrets } from './sources/source-secrets.js';
import { KeySets } from './verification/key-sets.js';
import { SourceVerifier } from './verification/source-verifier.js';
import { WebhookCapture } from './webhook-capture.js';
import { AnsweredDeliveries } from './work/answered-deliveries.js';
import { DueWebhooks } from './work/due-webhooks.js';
import { KeptAnswers } from './work/kept-answers.js';
import { SingleWork } from './work/single-work.js';
import { HandledBy } from './work/handled-by.js';
import { InboundRunner } from './work/inbound-runner.js';
import { InboundWorker } from './work/inbound-worker.js';
import { WebhookWork } from './work/webhook-work.js';

@Module({
  imports: [
    DiscoveryModule,
    StorageModule,
    RedisModule,
    SecurityModule,
    ActionsModule,
    IntegrationsModule,
    LoggingModule,
    SchedulingModule,
    DispatchModule,
    RetriesModule,
  ],
  providers: [
    SourceDirectory,
    SourceChecker,
    SourceSecrets,
    SourceEditor,
    SourceRotation,
    SourcePauses,
    KeySets,
    SourceVerifier,
    WebhookHandlers,
    AnsweredDeliveries,
    HandledBy,
    SingleWork,
    WebhookFileStore,
    BulkWork,
    WebhookWork,
    KeptAnswers,
    InboundRunner,
    InboundWorker,
    DueWebhooks,
    WebhookCapture,
    WebhookIntake,
    WebhookStorage,
    FirstTurns,
    FirstAnswers,
    WebhookReceiver,
    RefusedWebhooks,
    SourceRate,
    HookWatch,
    HookGate,
    HookRequests,
    SourcePages,
    WebhookPreviews,
    WebhookReplay,
    BatchReplays,
  ],
  exports: [
    WebhookFileStore,
    SourcePages,
    SourceDirectory,
    SourceEditor,
    SourceRotation,
    SourcePauses,
    HookGate,
    HookRequests,
    HookWatch,
    RefusedWebhooks,
    WebhookReplay,
  ],
})
export class InboundModule {}
