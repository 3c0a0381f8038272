import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { ActionsController } from './actions/actions.controller.js';
import { ActionsModule } from './actions/actions.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AgainController } from './dispatch/again/again.controller.js';
import { DispatchModule } from './dispatch/dispatch.module.js';
import { EventIntake } from './dispatch/event-intake.js';
import { EventsController } from './dispatch/events.controller.js';
import { PreviewController } from './dispatch/preview/preview.controller.js';
import { ErasureModule } from './erasure/erasure.module.js';
import { ErasuresController } from './erasure/erasures.controller.js';
import { HealthModule } from './health/health.module.js';
import { AuditController } from './http/audit.controller.js';
import { requireAuditing } from './http/audited-routes.js';
import { CorrelationMiddleware } from './http/correlation.middleware.js';
import { TenantScope } from './http/tenant-scope.js';
import { TenantsController } from './http/tenants.controller.js';
import { InboundModule } from './inbound/inbound.module.js';
import { SourceActsController } from './inbound/sources/source-acts.controller.js';
import { SourcesController } from './inbound/sources/sources.controller.js';
import { ReplayController } from './inbound/replay/replay.controller.js';
import { FailureGroupsController } from './insights/failures/failure-groups.controller.js';
import { RecordsController } from './inbound/bulk/records.controller.js';
import { InsightsModule } from './insights/insights.module.js';
import { StatsController } from './insights/stats.controller.js';
import { IntegrationEditor } from './integrations/integration-editor.js';
import { IntegrationsController } from './integrations/integrations.controller.js';
import { SigningKeys } from './integrations/signing/signing-keys.js';
import { SigningRotation } from './integrations/signing/signing-rotation.js';
import { IntegrationsModule } from './integrations/integrations.module.js';
import { LogExportController } from './logging/export/log-export.controller.js';
import { LoggingModule } from './logging/logging.module.js';
import { LogsController } from './logging/logs.controller.js';
import { RetryBatchesController } from './retries/batches/retry-batches.controller.js';
import { RetriesModule } from './retries/retries.module.js';
import { RetryController } from './retries/retry.controller.js';
import { SchedulingModule } from './scheduling/scheduling.module.js';
import { TrafficController } from './scheduling/traffic.controller.js';
import { SecurityModule } from './security/security.module.js';

const CONTROLLERS = [
  AgainController,
  EventsController,
  ActionsController,
  TenantsController,
  IntegrationsController,
  LogExportController,
  LogsController,
  StatsController,
  FailureGroupsController,
  RetryController,
  PreviewController,
  ReplayController,
  RetryBatchesController,
  TrafficController,
  SourcesController,
  RecordsController,
  SourceActsController,
  AuditController,
  ErasuresController,
];

/** Waybill's HTTP API. Middleware, guard, interceptor, pipe and filter are bound to its own controllers and to nothing else. */
@Module({
  imports: [
    AuditModule,
    SecurityModule,
    ActionsModule,
    IntegrationsModule,
    LoggingModule,
    InsightsModule,
    SchedulingModule,
    RetriesModule,
    DispatchModule,
    InboundModule,
    ErasureModule,
    InboundModule,
    HealthModule,
  ],
  controllers: CONTROLLERS,
  providers: [TenantScope, EventIntake, IntegrationEditor, SigningKeys, SigningRotation],
})
export class HttpApiModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    requireAuditing(CONTROLLERS);
    consumer.apply(CorrelationMiddleware).forRoutes(...CONTROLLERS);
  }
}
