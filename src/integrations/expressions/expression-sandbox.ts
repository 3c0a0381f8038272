import { Inject, Injectable, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { compileExpression } from './expression-compiler.js';
import type { ExpressionFailure } from './expression-failure.js';
import { ExpressionFailedError } from './expression-failed.error.js';
import { ExpressionLimitError } from './expression-limit.error.js';
import type { ExpressionLimit } from './expression-limits.js';
import {
  DEFAULT_EXPRESSION_SANDBOX_OPTIONS,
  EXPRESSION_SANDBOX_OPTIONS,
  type ExpressionSandboxOptions,
} from './expression-sandbox.options.js';
import type { SchemaOutcome, SchemaTask } from '../schemas/schema-task.js';
import { ExpressionThreads } from './expression-threads.js';
import type { ThreadJobs } from './expression.worker.js';
import { FairQueue } from './fair-queue.js';
import { shapeOf } from './input-shape.js';

export interface EvaluateOptions {
  /** Time for the evaluation itself, not for waiting. Default 1,000. */
  readonly timeoutMs?: number;
  /** Gives up, waiting or running; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Whose evaluation it is, such as a tenant: threads go round the owners, and one owner never holds the last one. */
  readonly owner?: string;
}

const DEFAULT_TIMEOUT_MS = 1_000;

/**
 * Evaluates tenants' JSONata away from the event loop, in threads with little memory and little time: an expression that
 * hangs or eats memory ends alone. No thread starts before the first evaluation, and none keeps the process alive.
 */
@Injectable()
export class ExpressionSandbox implements OnApplicationShutdown {
  private readonly options: ExpressionSandboxOptions;
  private readonly queue: FairQueue;
  private threads: ExpressionThreads | undefined;
  private closed = false;

  constructor(@Optional() @Inject(EXPRESSION_SANDBOX_OPTIONS) options: Partial<ExpressionSandboxOptions> = {}) {
    this.options = { ...DEFAULT_EXPRESSION_SANDBOX_OPTIONS, ...options };
    this.queue = new FairQueue(this.options.maxThreads, this.options.maxQueue);
  }

  /** Parses only, on this thread. @throws ExpressionSyntaxError */
  check(source: string): void {
    compileExpression(source);
  }

  /**
   * The expression's result as plain JSON data, or undefined where it selects nothing. The input is read as JSON, so a
   * Date arrives as its ISO text and an ObjectId as its hex text.
   * @throws ExpressionSyntaxError, ExpressionFailedError, ExpressionLimitError
   */
  async evaluate(source: string, input: unknown, options: EvaluateOptions = {}): Promise<unknown> {
    options.signal?.throwIfAborted();
    const inputJson = this.inputJsonOf(input);
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const { maxOutputBytes } = this.options;
    const answer = await this.enqueue('evaluate', { source, inputJson, timeoutMs, maxOutputBytes }, timeoutMs, options);
    if (typeof answer === 'string') throw limitError(answer, STOPS[answer], inputJson);
    if (answer.ok) return answer.resultJson === undefined ? undefined : JSON.parse(answer.resultJson);
    this.check(source);
    throw errorOf(answer.failure, source, inputJson);
  }

  /** Checks a value by a JSON Schema, in the same threads. @throws ExpressionLimitError */
  async validate(task: SchemaTask, options: EvaluateOptions = {}): Promise<SchemaOutcome> {
    options.signal?.throwIfAborted();
    const valueJson = task.valueJson ?? 'null';
    this.requireInputSize(valueJson);
    const answer = await this.enqueue('validate', task, options.timeoutMs ?? DEFAULT_TIMEOUT_MS, options);
    if (typeof answer === 'string') throw limitError(answer, STOPS[answer], valueJson, 'schema check');
    return answer;
  }

  /** After the workers and the HTTP calls have ended: until then they may need it. */
  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** Ends the threads; what runs or waits rejects with ExpressionLimitError, as does what comes later. */
  async close(): Promise<void> {
    this.closed = true;
    this.queue.clear();
    await this.threads?.close();
  }

  private async enqueue<Name extends keyof ThreadJobs>(
    name: Name,
    task: ThreadJobs[Name]['task'],
    timeoutMs: number,
    { signal, owner }: EvaluateOptions,
  ): Promise<ThreadJobs[Name]['outcome'] | keyof typeof STOPS> {
    if (this.closed) return 'stopped';
    const leave = await this.queue.enter(owner ?? '', signal);
    if (leave === 'full') return 'queue';
    if (leave === 'cleared') return 'stopped';
    try {
      this.threads ??= new ExpressionThreads(this.options);
      return await this.threads.run(name, task, timeoutMs, signal);
    } catch (error) {
      if (this.closed) return 'stopped';
      throw error;
    } finally {
      leave();
    }
  }

  private inputJsonOf(input: unknown): string {
    const inputJson = jsonOf(input);
    this.requireInputSize(inputJson);
    return inputJson;
  }

  private requireInputSize(inputJson: string): void {
    const { maxInputBytes } = this.options;
    const sizeBytes = Buffer.byteLength(inputJson);
    if (sizeBytes <= maxInputBytes) return;
    throw limitError('input', `its input has ${sizeBytes} bytes; the limit is ${maxInputBytes}`, inputJson);
  }
}

const STOPS = {
  queue: 'too many evaluations are waiting',
  stopped: 'this process is stopping',
  start: 'this process was too busy to start a thread for it',
  time: 'it hung and its thread was ended',
  memory: 'it used up the memory of its thread',
} as const;

function jsonOf(input: unknown): string {
  try {
    return JSON.stringify(input ?? null) ?? 'null';
  } catch {
    const reason = 'its input cannot be written as JSON (a circle or a bigint)';
    throw new ExpressionFailedError({ ...NOWHERE, limit: null, reason }, shapeOf(input));
  }
}

const NOWHERE = { position: null, token: null, jsonataCode: null };

const limitError = (limit: ExpressionLimit, reason: string, inputJson: string, what?: string) =>
  new ExpressionLimitError({ ...NOWHERE, limit, reason }, shapeOf(JSON.parse(inputJson)), what);

function errorOf(failure: ExpressionFailure, source: string, inputJson: string) {
  const { limit } = failure;
  const shape = shapeOf(JSON.parse(inputJson));
  return limit === null
    ? new ExpressionFailedError(failure, shape, source)
    : new ExpressionLimitError({ ...failure, limit }, shape);
}
