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
import { ExpressionThreads } from './expression-threads.js';
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
    const answer = await this.enqueue(source, inputJson, options);
    if (answer === 'queue') throw limitError('queue', 'too many evaluations are waiting', inputJson);
    if (answer === 'stopped') throw limitError('stopped', 'this process is stopping', inputJson);
    if (answer === 'time') throw limitError('time', 'it hung and its thread was ended', inputJson);
    if (answer === 'memory') throw limitError('memory', 'it used up the memory of its thread', inputJson);
    if (answer.ok) return answer.resultJson === undefined ? undefined : JSON.parse(answer.resultJson);
    this.check(source);
    throw errorOf(answer.failure, inputJson);
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

  private async enqueue(
    source: string,
    inputJson: string,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal, owner }: EvaluateOptions,
  ) {
    if (this.closed) return 'stopped';
    const { maxOutputBytes } = this.options;
    const leave = await this.queue.enter(owner ?? '', signal);
    if (leave === 'full') return 'queue';
    if (leave === 'cleared') return 'stopped';
    try {
      this.threads ??= new ExpressionThreads(this.options);
      return await this.threads.run({ source, inputJson, timeoutMs, maxOutputBytes }, signal);
    } catch (error) {
      if (this.closed) return 'stopped';
      throw error;
    } finally {
      leave();
    }
  }

  private inputJsonOf(input: unknown): string {
    const inputJson = jsonOf(input);
    const sizeBytes = Buffer.byteLength(inputJson);
    if (sizeBytes <= this.options.maxInputBytes) return inputJson;
    throw limitError(
      'input',
      `its input has ${sizeBytes} bytes; the limit is ${this.options.maxInputBytes}`,
      inputJson,
    );
  }
}

function jsonOf(input: unknown): string {
  try {
    return JSON.stringify(input ?? null) ?? 'null';
  } catch {
    const reason = 'its input cannot be written as JSON (a circle or a bigint)';
    throw new ExpressionFailedError({ ...NOWHERE, limit: null, reason }, shapeOf(input));
  }
}

const NOWHERE = { position: null, token: null, jsonataCode: null };

const limitError = (limit: ExpressionLimit, reason: string, inputJson: string) =>
  new ExpressionLimitError({ ...NOWHERE, limit, reason }, shapeOf(JSON.parse(inputJson)));

function errorOf(failure: ExpressionFailure, inputJson: string) {
  const { limit } = failure;
  const shape = shapeOf(JSON.parse(inputJson));
  return limit === null
    ? new ExpressionFailedError(failure, shape)
    : new ExpressionLimitError({ ...failure, limit }, shape);
}
