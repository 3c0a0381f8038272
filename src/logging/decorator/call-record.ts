import { type CallScope, currentCallScope } from '../../common/call-scope.js';
import {
  asTenantId,
  type LogId,
  newCorrelationId,
  newExecutionId,
  newLogId,
  type ProcessId,
  TENANT_ID_PATTERN,
  type TenantId,
} from '../../common/ids.js';
import { CORRELATION_FORM } from '../../http/correlation.middleware.js';
import { type Attempt, type CapturedBody, contextKeysOf, type IntegrationLog, NO_TENANT } from '../integration-log.js';
import type { Execution } from '../log-entry.js';
import { spanOf } from '../log-span.js';
import { CallCapture, type CapturedCall } from './call-capture.js';
import { answerOf, type CallFault, exceptionAnswerOf, faultOf, faultOfStatus } from './call-fault.js';
import type { ObservedCall } from './call-observer.js';
import type { CallSource } from './call-source.js';
import { sourceOf } from './call-sources.js';
import { isJobMove } from './job-source.js';
import type { WrittenAnswer } from './written-answer.js';

/** How a call has ended. */
interface Ending {
  readonly fault: CallFault | null;
  readonly response: { readonly status: number; readonly body: CapturedBody | null } | null;
}

const ANSWERED = 200;
const FAILED = 500;

/** The log of one call of a decorated method, from its arguments to its end. */
export class CallRecord {
  /** QUEUED, with what came in. */
  readonly log: IntegrationLog;
  /** What the call runs under. */
  readonly scope: CallScope & { readonly logId: LogId };
  private readonly startedAt = new Date();
  private readonly startedMs = performance.now();
  private readonly capture: CallCapture;
  private readonly running: Attempt;
  private ended = false;

  constructor(
    private readonly call: ObservedCall,
    madeBy: ProcessId,
  ) {
    this.capture = new CallCapture(call.options);
    const outer = currentCallScope();
    const source = sourceOf(call);
    const captured = this.capture.call(source);
    this.running = { ...this.begun(), request: captured.request };
    const correlationId = outer?.correlationId ?? correlationIdOf(source);
    this.log = { ...this.opened(source, captured, outer), correlationId, parentLogId: outer?.logId ?? null, madeBy };
    const { _id: logId, tenantId } = this.log;
    this.scope = { correlationId, logId, ...(tenantId === NO_TENANT ? {} : { tenantId }) };
  }

  /** `null` where the call has ended already: an observable may complete and be unsubscribed. */
  succeeded(result: unknown): Execution | null {
    return this.end(() => this.endingOf(this.statusNow(), this.capture.result(result)));
  }

  failed(error: unknown): Execution | null {
    if (isJobMove(error)) return this.succeeded({ moved: error.constructor.name });
    return this.end(() => {
      const unanswered = this.call.exchange ? { status: FAILED, body: undefined } : null;
      const answer = this.call.exchange ? (exceptionAnswerOf(error) ?? unanswered) : answerOf(error);
      return {
        fault: faultOf(error),
        response: answer && { status: answer.status, body: this.capture.answer(answer.body) },
      };
    });
  }

  /** The method has written the HTTP answer by itself. */
  answered({ status, body, contentType, complete }: WrittenAnswer): Execution | null {
    return this.end(() => {
      const ending = this.endingOf(status, this.capture.answer(body, contentType));
      return complete ? ending : { ...ending, fault: ending.fault ?? CALLER_GONE };
    });
  }

  private endingOf(status: number, body: CapturedBody | null): Ending {
    return { fault: status >= 400 ? faultOfStatus(status) : null, response: { status, body } };
  }

  /** Nest has set it before the method runs, and the method may have changed it. */
  private statusNow(): number {
    const status = this.call.exchange?.response['statusCode'];
    return typeof status === 'number' ? status : ANSWERED;
  }

  private end(endingOf: () => Ending): Execution | null {
    if (this.ended) return null;
    this.ended = true;
    const durationMs = Math.round(performance.now() - this.startedMs);
    const { fault, response } = endingOf();
    const { remedy, ...error } = fault ?? { ...NO_FAULT, remedy: null };
    return {
      logId: this.log._id,
      tenantId: this.log.tenantId,
      span: spanOf(this.log),
      attempt: {
        ...this.running,
        durationMs,
        outcome: fault ? 'fail' : 'success',
        ...error,
        remedy,
        response: response && { ...response, headers: {} },
      },
      summary: { status: fault ? 'FAIL' : 'SUCCESS', ...error, nextAttemptAt: null, completedAt: new Date() },
    };
  }

  private begun(): Attempt {
    return {
      executionId: newExecutionId(),
      number: 1,
      trigger: 'first',
      requestedBy: null,
      reason: null,
      startedAt: this.startedAt,
      durationMs: 0,
      integrationVersion: null,
      outcome: 'running',
      ...NO_FAULT,
      remedy: null,
      nextAttemptAt: null,
      request: null,
      response: null,
    };
  }

  private opened(source: CallSource, captured: CapturedCall, outer: CallScope | undefined) {
    const { options, className, method, args } = this.call;
    const { tenantId: named, ...context } = options.context ? options.context(...args) : captured.ids;
    const [chosen, found] = options.context ? [named, undefined] : [undefined, named];
    const at = this.startedAt;
    return {
      _id: newLogId(),
      tenantId: firstTenantOf(options.tenant?.(...args), chosen, source.tenantId, found, outer?.tenantId),
      direction: options.direction ?? 'inbound',
      eventId: null,
      actionId: options.action?.id ?? null,
      actionName: options.action?.name ?? null,
      integrationId: null,
      integrationName: options.name ?? `${className}.${method}`,
      vendor: options.vendor ?? null,
      context,
      contextKeys: contextKeysOf(context),
      status: 'QUEUED' as const,
      ...NO_FAULT,
      attemptCount: 0,
      budgetFrom: 0,
      nextAttemptAt: null,
      retry: null,
      firstAttempt: this.running,
      lastExecutionId: null,
      occurredAt: at,
      createdAt: at,
      updatedAt: at,
      completedAt: null,
    };
  }
}

const NO_FAULT = { errorClass: null, errorCode: null, errorMessage: null };

const CALLER_GONE: CallFault = {
  errorClass: 'transient',
  errorCode: 'CALLER_GONE',
  errorMessage: 'The caller closed the connection before the answer was complete',
  remedy: null,
};

const firstTenantOf = (...candidates: readonly unknown[]): TenantId => {
  const tenantId = candidates.find((candidate) => typeof candidate === 'string' && TENANT_ID_PATTERN.test(candidate));
  return typeof tenantId === 'string' ? asTenantId(tenantId) : NO_TENANT;
};

/** A host's own routes have no middleware of ours that would have taken it. */
const correlationIdOf = ({ correlationId }: CallSource): string =>
  typeof correlationId === 'string' && CORRELATION_FORM.test(correlationId) ? correlationId : newCorrelationId();
