import { createHash } from 'node:crypto';
import { newExecutionId } from '../../src/common/ids.js';
import {
  type Attempt,
  type CapturedBody,
  contextKeysOf,
  type IntegrationLog,
} from '../../src/logging/integration-log.js';
import { anOpenedLog } from '../../src/logging/log-entry.builders.js';
import type { Execution } from '../../src/logging/log-entry.js';
import { LAB } from './test-host.js';

/** A log that waits for its first try. */
export function aLog(partial: Partial<IntegrationLog> = {}): IntegrationLog {
  const context = partial.context ?? { patientId: 'P-1' };
  return anOpenedLog({
    tenantId: LAB,
    direction: 'outbound',
    actionId: 57,
    actionName: 'patient.registered',
    integrationName: 'CRM',
    vendor: 'CRM',
    context,
    contextKeys: contextKeysOf(context),
    ...partial,
  });
}

export const aBody = (text: string): CapturedBody => ({
  contentType: 'application/json',
  text,
  sizeBytes: Buffer.byteLength(text),
  sha256: createHash('sha256').update(text).digest('hex'),
  truncated: false,
  cutBytes: 0,
});

/** The log's next try, with these bodies; it succeeds where it is not said otherwise. */
export function aTry(
  { _id: logId, tenantId, attemptCount }: IntegrationLog,
  {
    request,
    response,
    ...partial
  }: Partial<Omit<Attempt, 'request' | 'response'>> & {
    request: CapturedBody | null;
    response: CapturedBody | null;
  },
): Execution {
  const attempt: Attempt = {
    executionId: newExecutionId(),
    number: attemptCount + 1,
    trigger: 'first',
    requestedBy: null,
    reason: null,
    startedAt: new Date(),
    durationMs: 1,
    integrationVersion: 1,
    outcome: 'success',
    errorClass: null,
    errorCode: null,
    errorMessage: null,
    remedy: null,
    nextAttemptAt: null,
    request: { method: 'POST', url: 'https://vendor.example/', headers: {}, body: request },
    response: { status: 200, headers: {}, body: response },
    ...partial,
  };
  const { errorClass, errorCode, errorMessage } = attempt;
  const status = attempt.outcome === 'success' ? 'SUCCESS' : 'FAIL';
  const summary = {
    status,
    errorClass,
    errorCode,
    errorMessage,
    nextAttemptAt: null,
    completedAt: new Date(),
  } as const;
  return { logId, tenantId, attempt, summary };
}
