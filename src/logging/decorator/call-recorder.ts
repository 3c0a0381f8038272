import { Injectable, Logger } from '@nestjs/common';
import { type CallScope, ensureCallScope, runInCallScope } from '../../common/call-scope.js';
import { Redactor } from '../../common/redaction.js';
import { NO_REDACTION, type RedactionRules } from '../../common/redaction-rules.js';
import { RedactionDesk } from '../../security/tenants/redaction-desk.js';
import { LogWriter } from '../log-writer.js';
import { NO_TENANT } from '../integration-log.js';
import { type Execution, isExecution, type LogEntry } from '../log-entry.js';
import type { CallEnd } from './call-end.js';
import type { CallObserver, ObservedCall } from './call-observer.js';
import { CallRecord, type Shown } from './call-record.js';
import { ProcessRegistry } from './process-registry.js';
import { isGenerator, observeGenerator } from './observed-generator.js';
import { isSource, observeObservable } from './observed-observable.js';
import { isPlainPromise, isThenable, observePromise, observeThenable } from './observed-thenable.js';
import { AnswerReader } from './written-answer.js';

/** Writes the log of a decorated call around it, whatever the call does. */
@Injectable()
export class CallRecorder implements CallObserver {
  private readonly log = new Logger('IntegrationLogger');

  constructor(
    private readonly writer: LogWriter,
    private readonly registry: ProcessRegistry,
    private readonly redaction: RedactionDesk,
  ) {}

  observe(call: ObservedCall, run: () => unknown): unknown {
    return call.options.continues ? this.continue(call, run) : this.record(call, run);
  }

  /** A call that carries a QUEUED log on: its answer is the log's next state, and is given back once that is durable. */
  private async continue(call: ObservedCall, run: () => unknown): Promise<unknown> {
    const { options, args } = call;
    const { logId, tenantId } = options.continues?.(...args) ?? {};
    const scope = { ...ensureCallScope(), ...(logId ? { logId } : {}), ...(tenantId ? { tenantId } : {}) };
    const result = await runInCallScope(scope, run);
    if (isExecution(result))
      await this.guarded(this.writer.submit({ kind: 'executed', execution: result }), call, scope);
    else this.complain(call, new TypeError('a method with `continues` must answer with an Execution'), scope);
    return result;
  }

  private record(call: ObservedCall, run: () => unknown): unknown {
    const record = this.open(call);
    if (!record) return run();
    const answer = call.exchange && AnswerReader.of(call.exchange, call.args);
    const end = this.endOf(call, record, answer);
    let result: unknown;
    try {
      result = end.within(run);
    } catch (error) {
      end.failed(error);
      throw error;
    }
    return this.watch(call, result, end);
  }

  /** Answers with what the caller gets, which is the result itself but for observables. */
  private watch(call: ObservedCall, result: unknown, end: CallEnd): unknown {
    try {
      if (isPlainPromise(result)) observePromise(result, end);
      else if (isThenable(result)) observeThenable(result, end);
      else if (isSource(result)) return observeObservable(result, end);
      else if (isGenerator(result)) observeGenerator(result, end);
      else end.succeeded(result);
    } catch (error) {
      this.complain(call, error);
      end.succeeded(undefined);
    }
    return result;
  }

  private endOf(call: ObservedCall, record: CallRecord, answer: AnswerReader | null): CallEnd {
    const close = (end: () => Shown<Execution> | null) => this.close(call, record, end);
    return {
      within: (run) => runInCallScope(record.scope, run),
      failed: (error) => close(() => record.failed(error)),
      // A method that was given the response and answers with nothing writes the answer itself, then or later.
      succeeded: (result) =>
        answer && result === undefined
          ? answer.whenOver((written) => close(() => record.answered(written)))
          : close(() => record.succeeded(result)),
    };
  }

  /** `null` where the log could not even be made up: the call must run all the same. */
  private open(call: ObservedCall): CallRecord | null {
    try {
      const record = new CallRecord(call, this.registry.id);
      this.submit((redactor) => ({ kind: 'opened', log: record.opened(redactor) }), call, record);
      return record;
    } catch (error) {
      this.complain(call, error);
      return null;
    }
  }

  private close(call: ObservedCall, record: CallRecord, end: () => Shown<Execution> | null): void {
    try {
      const execution = end();
      if (execution) this.submit((redactor) => ({ kind: 'executed', execution: execution(redactor) }), call, record);
    } catch (error) {
      this.complain(call, error, record.scope);
    }
  }

  /** What a record has had to wait for is waited for by its end as well: it must not come before its beginning. */
  private submit(entryBy: Shown<LogEntry>, call: ObservedCall, record: CallRecord): void {
    const rules = this.rulesFor(call, record);
    const { held } = record;
    if (!held && !(rules instanceof Promise))
      return void this.guarded(this.writer.offer(entryBy(redactorOf(rules))), call, record.scope);
    const entry = Promise.all([rules, held]).then(([known]) => entryBy(redactorOf(known)));
    record.held = entry.catch(() => undefined);
    void this.guarded(this.writer.offerLater(entry), call, record.scope);
  }

  private rulesFor({ options }: ObservedCall, { tenantId }: CallRecord) {
    return this.redaction.knownRulesFor(tenantId === NO_TENANT ? null : tenantId, {
      ...NO_REDACTION,
      ...options.redact,
    });
  }

  private async guarded(writing: Promise<void>, call: ObservedCall, scope: CallScope): Promise<void> {
    try {
      await writing;
    } catch (error) {
      this.complain(call, error, scope);
    }
  }

  private complain({ className, method }: ObservedCall, error: unknown, scope = ensureCallScope()): void {
    const reason = error instanceof Error ? error.message : String(error);
    runInCallScope(scope, () => this.log.error(`The log of ${className}.${method} could not be written: ${reason}`));
  }
}

const redactorOf = (rules: RedactionRules | null) => rules && new Redactor([], rules);
