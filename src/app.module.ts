import { type DynamicModule, Module } from '@nestjs/common';
import type { ServerEnvironment } from './config/environment.js';
import { HealthModule } from './health/health.module.js';
import { MetricsEndpointModule } from './metrics/metrics-endpoint.module.js';
import { WaybillModule } from './waybill.module.js';

/** The standalone server: Waybill without code actions. Hosts register theirs with POST /v1/actions. */
@Module({})
export class AppModule {
  static forEnvironment({ role, options }: ServerEnvironment): DynamicModule {
    const forOperators = role === 'worker' ? [HealthModule, MetricsEndpointModule] : [];
    return { module: AppModule, imports: [WaybillModule.forRoot({ role, ...options }), ...forOperators] };
  }
}
