import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { SecurityModule } from '../security/security.module.js';
import { RedisModule } from '../storage/redis.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { WebhookHandlers } from './handlers/webhook-handlers.js';
import { FirstAnswers } from './hooks/first-answers.js';
import { HookGate } from './hooks/hook-gate.js';
import { HookWatch } from './hooks/hook-watch.js';
import { RefusedWebhooks } from './hooks/refused-webhooks.js';
import { SourceRate } from './hooks/source-rate.js';
import { WebhookCapture } from './hooks/webhook-capture.service.js';
import { WebhookIntake } from './hooks/webhook-intake.js';
import { WebhookReceiver } from './hooks/webhook-receiver.js';
import { WebhookPreviews } from './replay/webhook-previews.js';
import { WebhookReplay } from './replay/webhook-replay.js';
import { SourceDirectory } from './sources/source-directory.js';
import { KeySets } from './verification/key-sets.js';
import { SourceVerifier } from './verification/source-verifier.js';
import { AnsweredDeliveries } from './work/answered-deliveries.js';
import { DueWebhooks } from './work/due-webhooks.js';
import { HandledBy } from './work/handled-by.js';
import { InboundRunner } from './work/inbound-runner.js';
import { InboundWorker } from './work/inbound-worker.js';

@Module({
  imports: [
    DiscoveryModule,
    StorageModule,
    RedisModule,
    SecurityModule,
    IntegrationsModule,
    LoggingModule,
    SchedulingModule,
    DispatchModule,
  ],
  providers: [
    SourceDirectory,
    KeySets,
    SourceVerifier,
    WebhookHandlers,
    AnsweredDeliveries,
    HandledBy,
    InboundRunner,
    InboundWorker,
    DueWebhooks,
    WebhookCapture,
    WebhookIntake,
    FirstAnswers,
    WebhookReceiver,
    RefusedWebhooks,
    SourceRate,
    HookWatch,
    HookGate,
    WebhookPreviews,
    WebhookReplay,
  ],
  exports: [SourceDirectory, HookGate, HookWatch, RefusedWebhooks, WebhookReplay],
})
export class InboundModule {}
