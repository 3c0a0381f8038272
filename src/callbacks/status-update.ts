import type { StatusUpdate } from '../actions/status-listener.js';
import type { IntegrationLog, StatusChange } from '../logging/integration-log.js';

/** What receivers are told of a change; `null` where the log is of no action and no integration, which nobody listens to. */
export function statusUpdateOf(log: IntegrationLog, change: StatusChange): StatusUpdate | null {
  const { actionId, actionName, integrationId } = log;
  if (actionId === null || actionName === null || integrationId === null) return null;
  const { seq, status, at, attemptCount, errorClass, errorCode, errorMessage, answer } = change;
  return {
    id: `${log._id}-${seq}`,
    sequence: seq,
    status,
    at,
    tenantId: log.tenantId,
    logId: log._id,
    eventId: log.eventId,
    action: { id: actionId, name: actionName },
    integration: { id: integrationId, name: log.integrationName, vendor: log.vendor },
    context: log.context,
    correlationId: log.correlationId,
    attemptCount,
    error: errorClass && { class: errorClass, code: errorCode, message: errorMessage },
    extracts: log.extracts ?? {},
    ...(answer ? { answer } : {}),
  };
}
