import { Module } from '@nestjs/common';
import { ActionsModule } from '../actions/actions.module.js';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { SecurityModule } from '../security/security.module.js';
import { CallbackReconciler } from './callback-reconciler.js';
import { CallbackWorker } from './callback-worker.js';
import { ClassTeller } from './class-teller.js';
import { UrlTeller } from './url-teller.js';

/** Tells hosts what becomes of their deliveries. */
@Module({
  imports: [ActionsModule, SecurityModule, IntegrationsModule, LoggingModule, SchedulingModule],
  providers: [CallbackWorker, CallbackReconciler, ClassTeller, UrlTeller],
})
export class CallbacksModule {}
