import { asTenantId, newExecutionId, newLogId } from '../common/ids.js';
import type { Attempt, IntegrationLog } from './integration-log.js';
import type { Execution } from './log-entry.js';

const TENANT = asTenantId('lab-1');

/** A log of a call that has just begun. */
export function anOpenedLog(partial: Partial<IntegrationLog> = {}): IntegrationLog {
  const at = new Date();
  return {
    _id: newLogId(),
    tenantId: TENANT,
    direction: 'inbound',
    eventId: null,
    actionId: null,
    actionName: null,
    integrationId: null,
    integrationName: 'desk',
    vendor: null,
    context: {},
    contextKeys: [],
    status: 'QUEUED',
    errorClass: null,
    errorCode: null,
    errorMessage: null,
    attemptCount: 0,
    budgetFrom: 0,
    nextAttemptAt: null,
    retry: null,
    firstAttempt: null,
    lastExecutionId: null,
    correlationId: 'cor_test',
    parentLogId: null,
    occurredAt: at,
    createdAt: at,
    updatedAt: at,
    completedAt: null,
    ...partial,
  };
}

/** A try that has succeeded. */
export function anExecution(
  log: Pick<IntegrationLog, '_id' | 'tenantId'> = anOpenedLog(),
  partial: Partial<Attempt> = {},
): Execution {
  const attempt: Attempt = {
    executionId: newExecutionId(),
    number: 1,
    trigger: 'first',
    requestedBy: null,
    reason: null,
    startedAt: new Date(),
    durationMs: 1,
    integrationVersion: null,
    outcome: 'success',
    errorClass: null,
    errorCode: null,
    errorMessage: null,
    remedy: null,
    nextAttemptAt: null,
    request: null,
    response: null,
    ...partial,
  };
  const summary = {
    status: 'SUCCESS',
    errorClass: null,
    errorCode: null,
    errorMessage: null,
    nextAttemptAt: null,
    completedAt: new Date(),
  } as const;
  return { logId: log._id, tenantId: log.tenantId, attempt, summary };
}
