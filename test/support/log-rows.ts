import { asLogId, type IntegrationId } from '../../src/common/ids.js';
import { errorKeysOf } from '../../src/logging/error-keys.js';
import { contextKeysOf, type IntegrationLog } from '../../src/logging/integration-log.js';
import { LAB } from './test-host.js';

let made = 0;

/** A delivery that has succeeded, unless told otherwise. */
export function aLog(
  partial: Partial<IntegrationLog> & { readonly integrationId: IntegrationId | null },
): IntegrationLog {
  made += 1;
  const context = partial.context ?? { tenantId: LAB, patientId: `P-${made}` };
  const { tenantId: _tenantId, ...ids } = context;
  const createdAt = partial.createdAt ?? new Date();
  const log: IntegrationLog = {
    _id: asLogId(`log_${made.toString(16).padStart(32, '0')}`),
    tenantId: LAB,
    direction: 'outbound',
    eventId: null,
    actionId: 57,
    actionName: 'patient.registered',
    integrationName: 'CRM: new patients',
    vendor: 'CRM',
    context,
    contextKeys: contextKeysOf(ids),
    status: 'SUCCESS',
    errorClass: null,
    errorCode: null,
    errorMessage: null,
    attemptCount: 1,
    budgetFrom: 0,
    nextAttemptAt: null,
    retry: null,
    firstAttempt: null,
    lastExecutionId: null,
    correlationId: 'cor_test',
    parentLogId: null,
    occurredAt: createdAt,
    createdAt,
    updatedAt: createdAt,
    completedAt: createdAt,
    ...partial,
  };
  return { ...log, ...errorKeysOf(log) };
}
