import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { RedisModule } from '../storage/redis.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { CallbackOutbox } from './callback-outbox.js';
import { CallRecorder } from './decorator/call-recorder.js';
import { IntegrationLoggerExplorer } from './decorator/integration-logger.explorer.js';
import { IntegrationLogStore } from './integration-log.store.js';
import { LogFallback } from './log-fallback.js';
import { LogWriter } from './log-writer.js';
import { MongoLogSink } from './mongo-log-sink.js';
import { LogQueue } from './spool/log-queue.js';
import { LogSpool } from './spool/log-spool.js';

@Module({
  imports: [DiscoveryModule, RedisModule, StorageModule],
  providers: [
    MongoLogSink,
    LogQueue,
    LogSpool,
    LogFallback,
    LogWriter,
    IntegrationLogStore,
    CallbackOutbox,
    CallRecorder,
    IntegrationLoggerExplorer,
  ],
  exports: [IntegrationLogStore, LogFallback, LogWriter, CallbackOutbox],
})
export class LoggingModule {}
