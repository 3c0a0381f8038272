import {
  type DynamicModule,
  type ForwardReference,
  type InjectionToken,
  Module,
  type OptionalFactoryDependency,
  type Provider,
  type Type,
} from '@nestjs/common';
import type { ActionDefinition } from './actions/action-definition.js';
import { ActionFeature } from './actions/action-feature.js';
import { ActionsModule } from './actions/actions.module.js';
import { ROLE, resolveSettings, SETTINGS, type Settings, type WaybillOptionsInput } from './config/settings.js';
import type { Role } from './config/waybill-options.js';
import { CallbacksModule } from './callbacks/callbacks.module.js';
import { DispatchModule } from './dispatch/dispatch.module.js';
import { ErasureModule } from './erasure/erasure.module.js';
import { HttpApiModule } from './http-api.module.js';
import { HooksModule } from './inbound/hooks.module.js';
import { InboundModule } from './inbound/inbound.module.js';
import { InsightsModule } from './insights/insights.module.js';
import { IntegrationsModule } from './integrations/integrations.module.js';
import { LoggingModule } from './logging/logging.module.js';
import { MetricsEndpointModule } from './metrics/metrics-endpoint.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { RetriesModule } from './retries/retries.module.js';
import { parseAddressRanges } from './security/outbound-http/address-guard.js';
import { parseSecretKeys } from './security/secrets/secret-cipher.js';
import { SecurityModule } from './security/security.module.js';

type ModuleImport = Type | DynamicModule | Promise<DynamicModule> | ForwardReference;

interface ProcessOptions {
  /** What this process does. Given synchronously, because Nest fixes controllers and providers before a factory runs. */
  readonly role: Role;
  /** Whether a process of role `api` or `all` serves the HTTP API. Default: true. */
  readonly httpApi?: boolean;
  /** Whether that API has `GET /metrics`. A host with such a route of its own merges `WaybillMetrics` there. Default: true. */
  readonly metricsEndpoint?: boolean;
}

export interface WaybillAsyncOptions extends ProcessOptions {
  readonly imports?: ModuleImport[];
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  // Nest types a factory's injected arguments so: only `inject` knows them.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly useFactory: (...dependencies: any[]) => WaybillOptionsInput | Promise<WaybillOptionsInput>;
}

export interface WaybillFeature {
  readonly actions?: readonly ActionDefinition[];
  /** Classes with `@IntentFor`. */
  readonly intents?: Type[];
  /** Classes with `@AttachmentProvider`. */
  readonly attachments?: Type[];
  /** Classes with `@OnIntegrationStatus`. */
  readonly listeners?: Type[];
  /** Classes with methods with `@InboundWebhook`. */
  readonly handlers?: Type[];
  /** Modules that export what these classes inject. */
  readonly imports?: ModuleImport[];
}

/**
 * Waybill in a Nest application. Import `forRoot` or `forRootAsync` once, and `forFeature` in each module that declares
 * actions. It keeps to itself: its own Bull configuration key, its own MongoDB connection unless the host gives one, and
 * guards, filters and pipes on its own controllers only.
 */
@Module({})
export class WaybillModule {
  /** @throws SettingsError naming every fault of the settings at once. */
  static forRoot({
    role,
    httpApi = true,
    metricsEndpoint = true,
    ...options
  }: ProcessOptions & WaybillOptionsInput): DynamicModule {
    return root({ role, httpApi, metricsEndpoint }, { provide: SETTINGS, useValue: checkedSettings(options) }, []);
  }

  static forRootAsync(options: WaybillAsyncOptions): DynamicModule {
    const { role, httpApi = true, metricsEndpoint = true, imports = [], inject = [], useFactory } = options;
    const settings = {
      provide: SETTINGS,
      inject,
      useFactory: async (...dependencies: unknown[]) => checkedSettings(await useFactory(...dependencies)),
    };
    return root({ role, httpApi, metricsEndpoint }, settings, imports);
  }

  /** Declares actions, and the classes that rebuild them. */
  static forFeature({ actions = [], imports = [], ...classes }: WaybillFeature): DynamicModule {
    const { intents = [], attachments = [], listeners = [], handlers = [] } = classes;
    // A class of its own for each feature: modules of one class and like metadata would count as one.
    class WaybillFeatureModule {}
    return {
      module: WaybillFeatureModule,
      imports,
      providers: [
        { provide: ActionFeature, useValue: new ActionFeature(actions) },
        ...intents,
        ...attachments,
        ...listeners,
        ...handlers,
      ],
    };
  }
}

function root(
  { role, httpApi, metricsEndpoint }: Required<ProcessOptions>,
  settings: Provider,
  imports: ModuleImport[],
): DynamicModule {
  const capabilities = [
    SecurityModule,
    ActionsModule,
    IntegrationsModule,
    LoggingModule,
    InsightsModule,
    RetriesModule,
    DispatchModule,
    CallbacksModule,
    ErasureModule,
    InboundModule,
    MetricsModule,
  ];
  // A route is looked for in this order: vendors call more often than all others.
  const endpoints = [HooksModule, HttpApiModule, ...(metricsEndpoint ? [MetricsEndpointModule] : [])];
  return {
    module: WaybillModule,
    global: true,
    imports: [...imports, ...capabilities, ...(role !== 'worker' && httpApi ? endpoints : [])],
    providers: [settings, { provide: ROLE, useValue: role }],
    exports: [
      SETTINGS,
      ROLE,
      DispatchModule,
      SecurityModule,
      IntegrationsModule,
      RetriesModule,
      InsightsModule,
      MetricsModule,
    ],
  };
}

/** What the settings' own shape cannot tell is tried out here, before anything connects or starts. */
function checkedSettings(options: WaybillOptionsInput): Settings {
  const settings = resolveSettings(options);
  parseSecretKeys(settings.secretKeys);
  parseAddressRanges(settings.network.allowCidrs);
  return settings;
}
