import { currentCallScope } from '../../common/call-scope.js';
import { type LogId, newCorrelationId, newExecutionId, webhookLogIdFor } from '../../common/ids.js';
import { nextSequence } from '../../common/sequence.js';
import type { Attempt, CapturedRequest, IntegrationLog } from '../../logging/integration-log.js';
import { textOf, valueAtPlace, type Webhook } from '../webhook.js';

const NO_FAULT = { errorClass: null, errorCode: null, errorMessage: null };
const MAX_KEY_CHARS = 256;

/** QUEUED, with what came in. `dueAt`: when a worker may take it. */
export function webhookLogOf(
  webhook: Webhook,
  request: CapturedRequest,
  { after, dueAt }: { after: LogId | null; dueAt: Date },
): IntegrationLog {
  const { source, type, eventId } = webhook;
  const at = webhook.request.receivedAt;
  const order = orderOf(webhook);
  const context = { webhookType: type, webhookId: eventId.slice(0, MAX_KEY_CHARS) };
  return {
    _id: webhookLogIdFor(source._id, eventId, after),
    tenantId: source.tenantId,
    direction: 'inbound',
    eventId: null,
    actionId: source.handling.kind === 'emit' ? source.handling.actionId : null,
    actionName: null,
    integrationId: source._id,
    integrationName: source.name,
    vendor: source.vendor,
    context,
    contextKeys: Object.entries(context).map(([name, value]) => `${name}=${value}`),
    status: 'QUEUED',
    ...NO_FAULT,
    attemptCount: 0,
    budgetFrom: 0,
    nextAttemptAt: dueAt,
    retry: null,
    firstAttempt: receivedAttempt(at, request, source.version),
    lastExecutionId: null,
    ...(order ? { order } : {}),
    correlationId: currentCallScope()?.correlationId ?? newCorrelationId(),
    parentLogId: null,
    occurredAt: at,
    createdAt: at,
    updatedAt: at,
    completedAt: null,
  };
}

/** Stands in the log until the first try has ended. */
const receivedAttempt = (startedAt: Date, request: CapturedRequest, version: number): Attempt => ({
  executionId: newExecutionId(),
  number: 1,
  trigger: 'first',
  requestedBy: null,
  reason: null,
  startedAt,
  durationMs: 0,
  integrationVersion: version,
  outcome: 'running',
  ...NO_FAULT,
  remedy: null,
  nextAttemptAt: null,
  request,
  response: null,
});

function orderOf({ source, request, json }: Webhook): IntegrationLog['order'] {
  const by = source.traffic.ordering?.by;
  const value = by === undefined ? undefined : textOf(valueAtPlace(by, request, json));
  return value === undefined ? undefined : { key: `${by}=${value}`, seq: nextSequence() };
}
