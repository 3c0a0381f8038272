import { currentCallScope } from '../../common/call-scope.js';
import type { ErrorClass } from '../../common/error-class.js';
import {
  type LogId,
  newCorrelationId,
  newExecutionId,
  newLogId,
  type ProcessId,
  webhookLogIdFor,
} from '../../common/ids.js';
import { nextSequence } from '../../common/sequence.js';
import type { WaybillError } from '../../common/waybill.error.js';
import { problemTypeOf } from '../../http/problem-types.js';
import { errorKeysOf } from '../../logging/error-keys.js';
import {
  type Attempt,
  type CapturedRequest,
  contextKeysOf,
  type IntegrationLog,
} from '../../logging/integration-log.js';
import { WEBHOOK_REFUSED } from '../../logging/received/webhook-logs.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { textOf, valueAtPlace, type Webhook } from '../webhook.js';

const NO_FAULT = { errorClass: null, errorCode: null, errorMessage: null };
const UNVERIFIED_REMEDY =
  'The sender signs otherwise than the source expects, or is another: compare with the page of the source.';

/** Who makes the first try of a webhook. */
export interface FirstTry {
  /** When a worker may take it. */
  readonly dueAt: Date;
  /** The process that works on it at once: a worker that finds it due knows that this one has not lived to record its try. */
  readonly madeBy?: ProcessId;
}

/** QUEUED, with what came in. */
export function webhookLogOf(
  webhook: Webhook,
  captured: CapturedRequest,
  { after, dueAt, madeBy }: FirstTry & { after: LogId | null },
): IntegrationLog {
  const { source, request, type, eventId } = webhook;
  const order = orderOf(webhook);
  const context = { ...liftedContext(webhook), webhookType: type, webhookId: eventId };
  return {
    ...rowOf(webhookLogIdFor(source._id, eventId, after), source, request.receivedAt),
    actionId: source.handling.kind === 'emit' ? source.handling.actionId : null,
    context,
    contextKeys: contextKeysOf(context),
    status: 'QUEUED',
    nextAttemptAt: dueAt,
    // Stands there until the first try has ended.
    firstAttempt: attemptOf(source, request.receivedAt, captured),
    ...(order ? { order } : {}),
    ...(madeBy ? { madeBy } : {}),
  };
}

/** The same, where no process works on it at once after all. */
export function leftToWorkers(log: IntegrationLog): IntegrationLog {
  const { madeBy, ...rest } = log;
  return madeBy === undefined ? log : { ...rest, nextAttemptAt: log.createdAt };
}

/** Why a request was not taken. */
export interface Refusal {
  /** What its caller is told. */
  readonly error: WaybillError;
  readonly errorClass: ErrorClass;
  /** For staff, and for the vendor's developer. */
  readonly reason: string;
}

/** FAILed, since it was not taken. */
export function refusedLogOf(
  source: InboundSource,
  receivedAt: Date,
  captured: CapturedRequest,
  { error: { code, remedy }, errorClass, reason }: Refusal,
): IntegrationLog {
  const error = { errorClass, errorCode: code, errorMessage: reason };
  const firstAttempt: Attempt = {
    ...attemptOf(source, receivedAt, captured),
    durationMs: Math.max(0, Date.now() - receivedAt.getTime()),
    outcome: 'fail',
    ...error,
    // Its caller is told to look at the page of the source.
    remedy: code === WEBHOOK_REFUSED ? UNVERIFIED_REMEDY : remedy,
    response: { status: problemTypeOf(code).status, headers: {}, body: null },
  };
  return {
    ...rowOf(newLogId(), source, receivedAt),
    ...error,
    ...errorKeysOf(error),
    status: 'FAIL',
    attemptCount: 1,
    firstAttempt,
    lastExecutionId: firstAttempt.executionId,
    completedAt: receivedAt,
  };
}

const rowOf = (_id: LogId, source: InboundSource, at: Date): Omit<IntegrationLog, 'status'> => ({
  _id,
  tenantId: source.tenantId,
  direction: 'inbound',
  eventId: null,
  actionId: null,
  actionName: null,
  integrationId: source._id,
  integrationName: source.name,
  vendor: source.vendor,
  context: {},
  contextKeys: [],
  ...NO_FAULT,
  attemptCount: 0,
  budgetFrom: 0,
  nextAttemptAt: null,
  retry: null,
  firstAttempt: null,
  lastExecutionId: null,
  correlationId: currentCallScope()?.correlationId ?? newCorrelationId(),
  parentLogId: null,
  occurredAt: at,
  createdAt: at,
  updatedAt: at,
  completedAt: null,
});

const attemptOf = ({ version }: InboundSource, startedAt: Date, request: CapturedRequest): Attempt => ({
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

function liftedContext({ source, request, data }: Webhook): Record<string, string> {
  const lifted = Object.entries(source.context).flatMap(([name, place]) => {
    const value = textOf(valueAtPlace(place, request, data));
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(lifted);
}

function orderOf({ source, request, data }: Webhook): IntegrationLog['order'] {
  const by = source.traffic.ordering?.by;
  const value = by === undefined ? undefined : textOf(valueAtPlace(by, request, data));
  return value === undefined ? undefined : { key: `${by}=${value}`, seq: nextSequence() };
}
