import { errorKeysOf } from '../logging/error-keys.js';
import { contextKeysOf, type IntegrationLog } from '../logging/integration-log.js';
import { changeOf, type ChangeToTell, untoldFrom } from '../logging/status-change.js';
import { FILTER_FAILED } from './refusals.js';
import type { ActionEvent, PlannedDelivery } from './action-event.collection.js';

/** The log of a planned delivery before its first try. The same event and delivery give the same log. */
export function queuedLogOf(event: ActionEvent, delivery: PlannedDelivery): IntegrationLog {
  const { tenantId: _tenantId, ...ids } = event.context;
  const firstChange = firstChangeOf(event, delivery);
  return {
    _id: delivery.logId,
    tenantId: event.tenantId,
    direction: 'outbound',
    eventId: event._id,
    actionId: event.actionId,
    actionName: event.actionName,
    integrationId: delivery.integrationId,
    integrationName: delivery.integrationName,
    vendor: delivery.vendor,
    context: event.context,
    contextKeys: contextKeysOf(ids),
    ...startOf(delivery),
    ...errorKeysOf(startOf(delivery)),
    attemptCount: 0,
    budgetFrom: 0,
    nextAttemptAt: delivery.filterError === null ? event.createdAt : null,
    retry: null,
    firstAttempt: null,
    lastExecutionId: null,
    ...(delivery.order ? { order: delivery.order } : {}),
    ...(firstChange ? untoldFrom(firstChange) : {}),
    correlationId: event.correlationId,
    parentLogId: event.parentLogId ?? null,
    occurredAt: event.occurredAt,
    createdAt: event.createdAt,
    updatedAt: event.createdAt,
    completedAt: delivery.filterError === null ? null : event.createdAt,
  };
}

/** What its listeners are told first; `undefined` where it has none. */
export function firstChangeOf(event: ActionEvent, delivery: PlannedDelivery): ChangeToTell | undefined {
  if (!delivery.callbacks) return undefined;
  const place = { seq: 0, attemptCount: 0 };
  return { kinds: delivery.callbacks, change: changeOf(startOf(delivery), event.createdAt, place) };
}

const QUEUED = { status: 'QUEUED', errorClass: null, errorCode: null } as const;

/** How a delivery ends whose filter could not be evaluated at the emit. */
export const FILTER_FAILURE = { status: 'FAIL', errorClass: 'intent', errorCode: FILTER_FAILED } as const;

const startOf = ({ filterError }: PlannedDelivery) =>
  filterError === null ? { ...QUEUED, errorMessage: null } : { ...FILTER_FAILURE, errorMessage: filterError };
