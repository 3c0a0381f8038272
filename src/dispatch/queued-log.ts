import { contextKeysOf, type IntegrationLog } from '../logging/integration-log.js';
import { FILTER_FAILED } from './refusals.js';
import type { ActionEvent, PlannedDelivery } from './action-event.collection.js';

/** The log of a planned delivery before its first try. The same event and delivery give the same log. */
export function queuedLogOf(event: ActionEvent, delivery: PlannedDelivery): IntegrationLog {
  const { tenantId: _tenantId, ...ids } = event.context;
  const failed = delivery.filterError !== null;
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
    status: failed ? 'FAIL' : 'QUEUED',
    errorClass: failed ? 'intent' : null,
    errorCode: failed ? FILTER_FAILED : null,
    errorMessage: delivery.filterError,
    attemptCount: 0,
    budgetFrom: 0,
    nextAttemptAt: failed ? null : event.createdAt,
    retry: null,
    firstAttempt: null,
    lastExecutionId: null,
    ...(delivery.order ? { order: delivery.order } : {}),
    correlationId: event.correlationId,
    parentLogId: null,
    occurredAt: event.occurredAt,
    createdAt: event.createdAt,
    updatedAt: event.createdAt,
    completedAt: failed ? event.createdAt : null,
  };
}
