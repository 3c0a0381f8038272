/** The public API of Waybill. Nothing else of the package can be imported. */

export { WaybillModule } from './waybill.module.js';
export type { WaybillAsyncOptions, WaybillFeature } from './waybill.module.js';
export { setUpOpenApi } from './openapi.js';
export { setUpBodyParsers } from './http/body-parsers.js';
export type { BodyParserOptions, BodyParsersOptions } from './http/body-parsers.js';

export { ActionContext } from './actions/action-context.js';
export { defineAction } from './actions/action-definition.js';
export type { ActionDefinition } from './actions/action-definition.js';
export { IntentFor } from './actions/intent-for.decorator.js';
export type { Intent } from './actions/intent.js';
export { IntentRejectedError } from './actions/intent-rejected.error.js';
export { OnIntegrationStatus } from './actions/on-integration-status.decorator.js';
export type { StatusListener, StatusUpdate } from './actions/status-listener.js';
export { AttachmentProvider } from './actions/attachment-provider.decorator.js';
export type { Attachment, AttachmentRequest, AttachmentSource } from './actions/attachment-provider.decorator.js';

export { ActionDispatcher } from './dispatch/action-dispatcher.js';
export type { EmitOptions, EmitResult } from './dispatch/action-dispatcher.js';
export type { SkippedIntegration, SkipReason } from './dispatch/action-event.collection.js';

export { IntegrationLogger } from './logging/decorator/integration-logger.decorator.js';
export type { IntegrationLoggerOptions } from './logging/decorator/integration-logger.options.js';

export { InboundWebhook } from './inbound/handlers/inbound-webhook.decorator.js';
export type { ReceivedWebhook } from './inbound/handlers/received-webhook.js';

export { InsightsRebuild } from './insights/insights-rebuild.js';

export { WaybillMetrics } from './metrics/waybill-metrics.js';

export { ApiKeyService } from './security/api-keys/api-key.service.js';
export { TenantService } from './security/tenants/tenant.service.js';

export type { ErrorClass } from './common/error-class.js';
export { asTenantId } from './common/ids.js';
export type { EventId, IntegrationId, LogId, TenantId } from './common/ids.js';
export type { ContextData } from './common/primitives.js';
export { WaybillError } from './common/waybill.error.js';
export type { ErrorStage } from './common/waybill.error.js';
export type { WaybillOptionsInput } from './config/settings.js';
export type { Role } from './config/waybill-options.js';
