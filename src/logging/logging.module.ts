import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { SecurityModule } from '../security/security.module.js';
import { RedisModule } from '../storage/redis.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { CallbackOutbox } from './callback-outbox.js';
import { CallRecorder } from './decorator/call-recorder.js';
import { IntegrationLoggerExplorer } from './decorator/integration-logger.explorer.js';
import { ChangedSpans } from './changed-spans.js';
import { LogExport } from './export/log-export.js';
import { LogErasure } from './erasure/log-erasure.js';
import { LostCalls } from './decorator/lost-calls.js';
import { ProcessRegistry } from './decorator/process-registry.js';
import { HeldLogs } from './held-logs.js';
import { IntegrationLogStore } from './integration-log.store.js';
import { LogFallback } from './log-fallback.js';
import { LogFinder } from './log-finder.js';
import { LogOrigins } from './log-origins.js';
import { LogWalk } from './log-walk.js';
import { LogWriter } from './log-writer.js';
import { MongoLogSink } from './mongo-log-sink.js';
import { BodiesApart } from './payloads/bodies-apart.js';
import { BodyReader } from './payloads/body-reader.js';
import { PayloadFiles } from './payloads/payload-files.js';
import { PayloadStore } from './payloads/payload.store.js';
import { BodyExpiry } from './retention/body-expiry.js';
import { PayloadExpiry } from './retention/payload-expiry.js';
import { RetentionExpiry } from './retention/retention-expiry.js';
import { RetentionSweeper } from './retention/retention-sweeper.js';
import { RowExpiry } from './retention/row-expiry.js';
import { ReceivedRequestStore } from './received/received-request.store.js';
import { FirstHandling } from './received/first-handling.js';
import { DeliveryAnswers } from './received/delivery-answers.js';
import { RepeatCounts } from './received/repeat-counts.js';
import { RepeatedWebhooks } from './received/repeated-webhooks.js';
import { LogQueue } from './spool/log-queue.js';
import { LogSpool } from './spool/log-spool.js';

@Module({
  imports: [DiscoveryModule, RedisModule, StorageModule, SecurityModule],
  providers: [
    ProcessRegistry,
    LostCalls,
    LogErasure,
    BodyExpiry,
    PayloadExpiry,
    RowExpiry,
    RetentionExpiry,
    RetentionSweeper,
    PayloadFiles,
    PayloadStore,
    BodiesApart,
    BodyReader,
    ChangedSpans,
    ReceivedRequestStore,
    LogOrigins,
    FirstHandling,
    RepeatCounts,
    RepeatedWebhooks,
    DeliveryAnswers,
    MongoLogSink,
    LogQueue,
    LogSpool,
    LogFallback,
    LogWriter,
    HeldLogs,
    IntegrationLogStore,
    LogFinder,
    LogExport,
    LogWalk,
    CallbackOutbox,
    CallRecorder,
    IntegrationLoggerExplorer,
  ],
  exports: [
    ChangedSpans,
    LogErasure,
    HeldLogs,
    IntegrationLogStore,
    LogExport,
    LogFallback,
    LogFinder,
    LogWalk,
    LogWriter,
    RowExpiry,
    CallbackOutbox,
    MongoLogSink,
    ReceivedRequestStore,
    FirstHandling,
    RepeatCounts,
    RepeatedWebhooks,
    DeliveryAnswers,
    ProcessRegistry,
  ],
})
export class LoggingModule {}
