import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { StorageModule } from '../storage/storage.module.js';
import { CallbackOutbox } from './callback-outbox.js';
import { CallRecorder } from './decorator/call-recorder.js';
import { IntegrationLoggerExplorer } from './decorator/integration-logger.explorer.js';
import { LogExport } from './export/log-export.js';
import { IntegrationLogStore } from './integration-log.store.js';
import { LogWriter } from './log-writer.js';
import { MongoLogSink } from './mongo-log-sink.js';

@Module({
  imports: [DiscoveryModule, StorageModule],
  providers: [
    MongoLogSink,
    LogWriter,
    IntegrationLogStore,
    LogExport,
    CallbackOutbox,
    CallRecorder,
    IntegrationLoggerExplorer,
  ],
  exports: [IntegrationLogStore, LogExport, LogWriter, CallbackOutbox],
})
export class LoggingModule {}
