export const EXPRESSION_SANDBOX_OPTIONS = Symbol.for('waybill:expression-sandbox-options');

const MIB = 1024 * 1024;

export interface ExpressionSandboxOptions {
  /** Threads at the most; none is started before the first evaluation. */
  readonly maxThreads: number;
  /** Evaluations that may wait for a thread; one more is refused. */
  readonly maxQueue: number;
  /** Memory of one thread in MiB. Below 64 a thread may die of the largest input that is allowed. */
  readonly threadMemoryMb: number;
  /** A thread that had nothing to do for so long ends. */
  readonly idleTimeoutMs: number;
  /** Bytes of one input and of one result, as JSON. */
  readonly maxInputBytes: number;
  readonly maxOutputBytes: number;
  /** What an evaluation may take on top of its time limit, for reading its input and moving data, before the thread is ended. */
  readonly graceMs: number;
}

export const DEFAULT_EXPRESSION_SANDBOX_OPTIONS: ExpressionSandboxOptions = {
  maxThreads: 2,
  maxQueue: 2_000,
  threadMemoryMb: 64,
  idleTimeoutMs: 30_000,
  maxInputBytes: 4 * MIB,
  maxOutputBytes: 8 * MIB,
  graceMs: 1_000,
};
