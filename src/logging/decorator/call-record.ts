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
import type { ContextData } from '../../common/primitives.js';
import { CORRELATION_FORM } from '../../http/correlation.middleware.js';
import type { Redactor } from '../../common/redaction.js';
import { type Attempt, contextKeysOf, type IntegrationLog, NO_TENANT } from '../integration-log.js';
import type { Execution } from '../log-entry.js';
import { spanOf } from '../log-span.js';
import { answerBy, messageBy, type TakenBody, takenBody, TakenCall } from './call-capture.js';
import { answerOf, type CallFault, exceptionAnswerOf, faultOf, faultOfStatus } from './call-fault.js';
import type { ObservedCall } from './call-observer.js';
import type { CallSource } from './call-source.js';
import { sourceOf } from './call-sources.js';
import { isJobMove } from './job-source.js';
import type { WrittenAnswer } from './written-answer.js';

/** How a call has ended. */
interface Ending {
  readonly fault: CallFault | null;
  readonly response: { readonly status: number; readonly body: TakenBody } | null;
}

const ANSWERED = 200;
const FAILED = 500;
const NO_BODY: TakenBody = { value: undefined, contentType: null };

/** Makes of a part of a record what may be stored; `null` where nobody knows what its tenant wants hidden. */
export type Shown<T> = (redactor: Redactor | null) => T;

/** The log of one call of a decorated method, from its arguments to its end. */
export class CallRecord {
  readonly tenantId: TenantId;
  /** What is to be logged of it before anything else is, while that has to wait. */
  held: Promise<unknown> | null = null;
  /** What the call runs under. */
  readonly scope: CallScope & { readonly logId: LogId };
  private readonly startedAt = new Date();
  private readonly startedMs = performance.now();
  private readonly logId = newLogId();
  private readonly executionId = newExecutionId();
  private readonly taken: TakenCall;
  private readonly context: ContextData | null;
  private readonly parentLogId: LogId | null;
  private ended = false;

  constructor(
    private readonly call: ObservedCall,
    private readonly madeBy: ProcessId,
  ) {
    const { options, args } = call;
    const outer = currentCallScope();
    const source = sourceOf(call);
    this.taken = new TakenCall(source);
    const { tenantId: chosen, ...context } = options.context?.(...args) ?? {};
    this.context = options.context ? context : null;
    const found = options.context ? undefined : this.taken.namedTenant;
    this.tenantId = firstTenantOf(options.tenant?.(...args), chosen, source.tenantId, found, outer?.tenantId);
    this.parentLogId = outer?.logId ?? null;
    this.scope = {
      correlationId: outer?.correlationId ?? correlationIdOf(source),
      logId: this.logId,
      ...(this.tenantId === NO_TENANT ? {} : { tenantId: this.tenantId }),
    };
  }

  /** `null` where the call has ended already: an observable may complete and be unsubscribed. */
  succeeded(result: unknown): Shown<Execution> | null {
    return this.end(() => this.endingOf(this.statusNow(), this.kept(result)));
  }

  failed(error: unknown): Shown<Execution> | null {
    if (isJobMove(error)) return this.succeeded({ moved: error.constructor.name });
    return this.end(() => {
      const unanswered = this.call.exchange ? { status: FAILED, body: undefined } : null;
      const answer = this.call.exchange ? (exceptionAnswerOf(error) ?? unanswered) : answerOf(error);
      return {
        fault: faultOf(error),
        response: answer && { status: answer.status, body: this.answer(answer.body) },
      };
    });
  }

  /** The method has written the HTTP answer by itself. */
  answered({ status, body, contentType, complete }: WrittenAnswer): Shown<Execution> | null {
    return this.end(() => {
      const ending = this.endingOf(status, this.answer(body, contentType));
      return complete ? ending : { ...ending, fault: ending.fault ?? CALLER_GONE };
    });
  }

  /** What a method has answered, as its options keep it. */
  private kept(result: unknown): TakenBody {
    const { keep = 'all' } = this.call.options;
    if (keep === 'none') return NO_BODY;
    try {
      return takenBody(typeof keep === 'function' ? keep(result) : result);
    } catch (error) {
      return takenBody(`(not kept: ${String(error)})`);
    }
  }

  /** What was answered although the method gave no result: of an error, or written by the method itself. */
  private answer(body: unknown, contentType: string | null = null): TakenBody {
    return this.call.options.keep === 'none' ? NO_BODY : takenBody(body, contentType);
  }

  private endingOf(status: number, body: TakenBody): Ending {
    return { fault: status >= 400 ? faultOfStatus(status) : null, response: { status, body } };
  }

  /** Nest has set it before the method runs, and the method may have changed it. */
  private statusNow(): number {
    const status = this.call.exchange?.response['statusCode'];
    return typeof status === 'number' ? status : ANSWERED;
  }

  private end(endingOf: () => Ending): Shown<Execution> | null {
    if (this.ended) return null;
    this.ended = true;
    const durationMs = Math.round(performance.now() - this.startedMs);
    const completedAt = new Date();
    const { fault, response } = endingOf();
    return (redactor) => {
      const { remedy, ...said } = fault ?? { ...NO_FAULT, remedy: null };
      const error = { ...said, errorMessage: said.errorMessage && messageBy(redactor, said.errorMessage) };
      const body = response && answerBy(redactor, response.body);
      return {
        logId: this.logId,
        tenantId: this.tenantId,
        span: spanOf({ tenantId: this.tenantId, integrationId: null, createdAt: this.startedAt }),
        attempt: {
          ...this.begun(redactor),
          durationMs,
          outcome: fault ? 'fail' : 'success',
          ...error,
          remedy,
          response: response && { status: response.status, body, headers: {} },
        },
        summary: { status: fault ? 'FAIL' : 'SUCCESS', ...error, nextAttemptAt: null, completedAt },
      };
    };
  }

  private begun(redactor: Redactor | null): Attempt {
    return {
      executionId: this.executionId,
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
      request: this.taken.requestBy(redactor),
      response: null,
    };
  }

  /** QUEUED, with what came in. */
  opened(redactor: Redactor | null): IntegrationLog {
    const { options, className, method } = this.call;
    const { tenantId: _tenant, ...ids } = this.taken.idsBy(redactor);
    const context = this.context ?? ids;
    const at = this.startedAt;
    return {
      _id: this.logId,
      tenantId: this.tenantId,
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
      firstAttempt: this.begun(redactor),
      lastExecutionId: null,
      correlationId: this.scope.correlationId,
      parentLogId: this.parentLogId,
      madeBy: this.madeBy,
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
