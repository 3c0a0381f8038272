import type { CallScope } from '../../common/call-scope.js';
import { asTenantId, type LogId, newExecutionId, newLogId, TENANT_ID_PATTERN } from '../../common/ids.js';
import { type ContextData, isPrimitive, isRecord } from '../../common/primitives.js';
import { isSensitiveName, Redactor } from '../../common/redaction.js';
import { WaybillError } from '../../common/waybill.error.js';
import { CALL_BODY_BYTES, captureBody } from '../body-capture.js';
import {
  type Attempt,
  type CapturedBody,
  contextKeysOf,
  type IntegrationLog,
  type LogSummary,
  NO_TENANT,
} from '../integration-log.js';
import type { Execution } from '../log-entry.js';
import { spanOf } from '../log-span.js';
import type { ObservedCall } from './call-observer.js';

/** No secret is known of a host's own call: names alone say what to hide. */
const REDACTOR = new Redactor();

/** The log of one call of a decorated method, from its arguments to its end. */
export class CallRecord {
  readonly log: IntegrationLog;
  private readonly startedAt = new Date();
  private readonly startedMs = performance.now();
  private readonly request: CapturedBody | null;
  private ended = false;

  constructor(
    private readonly call: ObservedCall,
    scope: CallScope,
  ) {
    this.request = captureValue(call.args.map(withoutTransport));
    this.log = this.openedLog(scope);
  }

  get logId(): LogId {
    return this.log._id;
  }

  /** `null` where the call has ended already: an observable may complete and be unsubscribed. */
  succeeded(result: unknown): Execution | null {
    return this.end({ outcome: 'success', status: 200, result: captureValue(result), error: null });
  }

  failed(error: unknown): Execution | null {
    return this.end({ outcome: 'fail', status: 500, result: null, error });
  }

  private end(end: {
    outcome: 'success' | 'fail';
    status: number;
    result: CapturedBody | null;
    error: unknown;
  }): Execution | null {
    if (this.ended) return null;
    this.ended = true;
    const fault = end.outcome === 'fail' ? faultOf(end.error) : NO_FAULT;
    const summary: LogSummary = {
      status: end.outcome === 'success' ? 'SUCCESS' : 'FAIL',
      errorClass: fault.errorClass,
      errorCode: fault.errorCode,
      errorMessage: fault.errorMessage,
      nextAttemptAt: null,
      completedAt: new Date(),
    };
    const attempt: Attempt = {
      executionId: newExecutionId(),
      number: 1,
      trigger: 'first',
      requestedBy: null,
      reason: null,
      startedAt: this.startedAt,
      durationMs: Math.round(performance.now() - this.startedMs),
      integrationVersion: null,
      outcome: end.outcome,
      ...fault,
      nextAttemptAt: null,
      request: { method: 'CALL', url: `${this.call.className}.${this.call.method}`, headers: {}, body: this.request },
      response: end.outcome === 'success' ? { status: end.status, headers: {}, body: end.result } : null,
    };
    return { logId: this.logId, tenantId: this.log.tenantId, span: spanOf(this.log), attempt, summary };
  }

  private openedLog(scope: CallScope): IntegrationLog {
    const { options, className, method, args } = this.call;
    const { tenantId, ...context } = options.context ? options.context(...args) : idsIn(args);
    return {
      _id: newLogId(),
      tenantId: typeof tenantId === 'string' && TENANT_ID_PATTERN.test(tenantId) ? asTenantId(tenantId) : NO_TENANT,
      direction: options.direction ?? 'inbound',
      eventId: null,
      actionId: options.action?.id ?? null,
      actionName: options.action?.name ?? null,
      integrationId: null,
      integrationName: options.name ?? `${className}.${method}`,
      vendor: options.vendor ?? null,
      context,
      contextKeys: contextKeysOf(context),
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
      correlationId: scope.correlationId,
      parentLogId: scope.logId ?? null,
      occurredAt: this.startedAt,
      createdAt: this.startedAt,
      updatedAt: this.startedAt,
      completedAt: null,
    };
  }
}

const NO_FAULT = { errorClass: null, errorCode: null, errorMessage: null, remedy: null };

/** A host's own exception is its own affair: its class is `rejected` only where Waybill's errors do not say otherwise. */
function faultOf(error: unknown) {
  const errorMessage = error instanceof Error ? error.message : String(error);
  if (error instanceof WaybillError)
    return { errorClass: 'config' as const, errorCode: error.code, errorMessage, remedy: error.remedy };
  const errorCode = error instanceof Error ? error.name : 'THROWN';
  return { errorClass: 'rejected' as const, errorCode, errorMessage, remedy: null };
}

const MAX_ID_CHARS = 256;
const ID_NAME = /^[A-Za-z_]\w{0,62}Id$/;

/** Every direct `...Id` of the arguments that are objects: primitives of moderate length whose names call them no secret. */
function idsIn(args: readonly unknown[]): ContextData {
  const entries = args.filter(isRecord).flatMap((arg) => Object.entries(arg));
  return Object.fromEntries(
    entries.flatMap(([name, value]) =>
      ID_NAME.test(name) && !isSensitiveName(name) && isPrimitive(value) && String(value).length <= MAX_ID_CHARS
        ? [[name, value]]
        : [],
    ),
  );
}

/** Requests, responses and streams are the transport's, hold credentials in many places, and are slow to walk. */
const withoutTransport = (value: unknown): unknown =>
  isRecord(value) && (typeof value['pipe'] === 'function' || 'socket' in value) ? '[stream]' : value;

/** What can be shown of a value as JSON, redacted and cut; whatever cannot be serialised is said, never thrown. */
function captureValue(value: unknown): CapturedBody | null {
  if (value === undefined) return null;
  try {
    return captureBody(JSON.stringify(REDACTOR.value(value)) ?? null, CALL_BODY_BYTES);
  } catch (error) {
    return captureBody(
      `(not serialisable: ${error instanceof Error ? error.message : String(error)})`,
      CALL_BODY_BYTES,
    );
  }
}
