import type { CallbackKind } from '../common/callback-receiver.js';
import type { EventId, IntegrationId, LogId, TenantId } from '../common/ids.js';
import type { ContextData } from '../common/primitives.js';
import type { DeliveryOrderKey } from '../logging/integration-log.js';
import { defineCollection } from '../storage/collection.js';

/** Why an integration that the tenant has for an action got no delivery of an event. */
export type SkipReason = 'disabled' | 'filtered';

export interface PlannedDelivery {
  logId: LogId;
  integrationId: IntegrationId;
  integrationName: string;
  vendor: string;
  /** Its filter could not be evaluated: the log FAILs at once, so that nothing is left out in silence. */
  filterError: string | null;
  /** Only where the integration orders its deliveries. */
  order?: DeliveryOrderKey;
  /** Only where somebody is told of its statuses. */
  callbacks?: CallbackKind[];
}

export interface SkippedIntegration {
  integrationId: IntegrationId;
  reason: SkipReason;
}

/** What a person has had emitted again. */
export interface EventRepeat {
  /** The newest event of the record for this action; `null` where it had none. */
  eventId: EventId | null;
  by: string;
  reason: string;
}

/** "This action happened with this context", and what was decided about it. */
export interface ActionEvent {
  _id: EventId;
  tenantId: TenantId;
  actionId: number;
  actionName: string;
  context: ContextData;
  contextHash: string;
  idempotencyKey: string | null;
  /** Only where a person has had it emitted again. */
  repeats?: EventRepeat;
  correlationId: string;
  /** The log of the decorated call that emitted it; missing where none did. */
  parentLogId?: LogId;
  occurredAt: Date;
  createdAt: Date;
  deliveries: PlannedDelivery[];
  skipped: SkippedIntegration[];
  /** Why nothing at all was sent; `null` where there are deliveries. */
  unmatchedReason: 'no_integration' | 'all_skipped' | null;
  /** Set until all logs of `deliveries` are written; the reconciler completes what a dead process left. */
  fanOutPending?: true;
  /** One of its logs was past its time; it goes with the last of them. */
  expiring?: true;
  /** When the person whom it was about was erased. */
  erasedAt?: Date;
  /** How often the same idempotency key came again, and when it last did. */
  duplicateCount: number;
  lastDuplicateAt: Date | null;
}

export const ACTION_EVENTS = defineCollection<ActionEvent>({
  name: 'action_events',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    actionId: { type: Number, required: true },
    actionName: { type: String, required: true },
    context: { type: Object, required: true },
    contextHash: { type: String, required: true },
    idempotencyKey: { type: String, default: null },
    repeats: { type: Object },
    correlationId: { type: String, required: true },
    parentLogId: { type: String },
    occurredAt: { type: Date, required: true },
    createdAt: { type: Date, required: true },
    deliveries: { type: [Object], required: true },
    skipped: { type: [Object], required: true },
    unmatchedReason: { type: String, default: null },
    fanOutPending: { type: Boolean },
    expiring: { type: Boolean },
    erasedAt: { type: Date },
    duplicateCount: { type: Number, required: true },
    lastDuplicateAt: { type: Date, default: null },
  },
  indexes: [
    {
      name: 'incomplete',
      keys: { createdAt: 1 },
      options: { partialFilterExpression: { fanOutPending: true } },
      serves: 'reconciler: events whose logs may be missing',
    },
    {
      name: 'expiring',
      keys: { tenantId: 1, createdAt: 1 },
      options: { partialFilterExpression: { expiring: true } },
      serves: 'retention: events whose logs go',
    },
    {
      name: 'unmatched',
      keys: { tenantId: 1, createdAt: 1 },
      options: { partialFilterExpression: { unmatchedReason: { $gt: '' } } },
      serves: 'retention: events that never had a log',
    },
  ],
});
