import { Injectable, Logger } from '@nestjs/common';
import { isObservable, Observable } from 'rxjs';
import { type CallScope, ensureCallScope, runInCallScope } from '../../common/call-scope.js';
import { LogWriter } from '../log-writer.js';
import { type Execution, isExecution } from '../log-entry.js';
import { CallRecord } from './call-record.js';
import type { CallObserver, ObservedCall } from './call-observer.js';

/** Writes the log of a decorated call around it, whatever the call does. */
@Injectable()
export class CallRecorder implements CallObserver {
  private readonly log = new Logger('IntegrationLogger');

  constructor(private readonly writer: LogWriter) {}

  observe(call: ObservedCall, run: () => unknown): unknown {
    return call.options.continues ? this.continue(call, run) : this.record(call, run);
  }

  /** A call that carries a QUEUED log on: its answer is the log's next state, and is given back once that is durable. */
  private async continue(call: ObservedCall, run: () => unknown): Promise<unknown> {
    const { options, args } = call;
    const logId = options.continues?.(...args).logId;
    const scope = { ...ensureCallScope(), ...(logId ? { logId } : {}) };
    const result = await runInCallScope(scope, run);
    if (isExecution(result)) await this.submit(() => this.writer.submit({ kind: 'executed', execution: result }), call);
    else this.complain(call, new TypeError('a method with `continues` must answer with an Execution'));
    return result;
  }

  private record(call: ObservedCall, run: () => unknown): unknown {
    const scope = ensureCallScope();
    const record = this.open(call, scope);
    if (!record) return run();
    let result: unknown;
    try {
      result = runInCallScope({ ...scope, logId: record.logId }, run);
    } catch (error) {
      this.close(call, () => record.failed(error));
      throw error;
    }
    if (result instanceof Promise) return this.recordPromise(call, record, result);
    if (isObservable(result)) return this.recordObservable(call, record, result);
    this.close(call, () => record.succeeded(result));
    return result;
  }

  private recordPromise(call: ObservedCall, record: CallRecord, promise: Promise<unknown>): Promise<unknown> {
    // The very promise is handed back: the caller sees no other timing, class or extra properties.
    promise.then(
      (result) => this.close(call, () => record.succeeded(result)),
      (error: unknown) => this.close(call, () => record.failed(error)),
    );
    return promise;
  }

  private recordObservable(call: ObservedCall, record: CallRecord, source: Observable<unknown>): Observable<unknown> {
    return new Observable((subscriber) => {
      let last: unknown;
      const subscription = source.subscribe({
        next: (value) => {
          last = value;
          subscriber.next(value);
        },
        error: (error: unknown) => {
          this.close(call, () => record.failed(error));
          subscriber.error(error);
        },
        complete: () => {
          this.close(call, () => record.succeeded(last));
          subscriber.complete();
        },
      });
      return () => {
        // Nobody listens any more; what was answered until now is the result. Closing twice does nothing.
        this.close(call, () => record.succeeded(last));
        subscription.unsubscribe();
      };
    });
  }

  /** `null` where the log could not even be made up: the call must run all the same. */
  private open(call: ObservedCall, scope: CallScope): CallRecord | null {
    try {
      const record = new CallRecord(call, scope);
      void this.submit(() => this.writer.offer({ kind: 'opened', log: record.log }), call);
      return record;
    } catch (error) {
      this.complain(call, error);
      return null;
    }
  }

  private close(call: ObservedCall, end: () => Execution | null): void {
    void this.submit(async () => {
      const execution = end();
      if (execution) await this.writer.offer({ kind: 'executed', execution });
    }, call);
  }

  private async submit(write: () => Promise<void>, call: ObservedCall): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.complain(call, error);
    }
  }

  private complain({ className, method }: ObservedCall, error: unknown): void {
    this.log.error(
      `The log of ${className}.${method} could not be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
