import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { ActionsController } from './actions/actions.controller.js';
import { ActionsModule } from './actions/actions.module.js';
import { DispatchModule } from './dispatch/dispatch.module.js';
import { EventIntake } from './dispatch/event-intake.js';
import { EventsController } from './dispatch/events.controller.js';
import { ErasureModule } from './erasure/erasure.module.js';
import { ErasuresController } from './erasure/erasures.controller.js';
import { HealthModule } from './health/health.module.js';
import { CorrelationMiddleware } from './http/correlation.middleware.js';
import { TenantScope } from './http/tenant-scope.js';
import { TenantsController } from './http/tenants.controller.js';
import { IntegrationEditor } from './integrations/integration-editor.js';
import { IntegrationsController } from './integrations/integrations.controller.js';
import { SigningKeys } from './integrations/signing/signing-keys.js';
import { SigningRotation } from './integrations/signing/signing-rotation.js';
import { IntegrationsModule } from './integrations/integrations.module.js';
import { LoggingModule } from './logging/logging.module.js';
import { LogsController } from './logging/logs.controller.js';
import { RetriesModule } from './retries/retries.module.js';
import { RetryController } from './retries/retry.controller.js';
import { SchedulingModule } from './scheduling/scheduling.module.js';
import { TrafficController } from './scheduling/traffic.controller.js';
import { SecurityModule } from './security/security.module.js';

const CONTROLLERS = [
  EventsController,
  ActionsController,
  TenantsController,
  IntegrationsController,
  LogsController,
  RetryController,
  TrafficController,
  ErasuresController,
];

/** Waybill's HTTP API. Middleware, guard, pipe and filter are bound to its own controllers and to nothing else. */
@Module({
  imports: [
    SecurityModule,
    ActionsModule,
    IntegrationsModule,
    LoggingModule,
    SchedulingModule,
    RetriesModule,
    DispatchModule,
    ErasureModule,
    HealthModule,
  ],
  controllers: CONTROLLERS,
  providers: [TenantScope, EventIntake, IntegrationEditor, SigningKeys, SigningRotation],
})
export class HttpApiModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(CorrelationMiddleware).forRoutes(...CONTROLLERS);
  }
}
