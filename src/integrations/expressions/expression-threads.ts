import { Logger } from '@nestjs/common';
import { Piscina } from 'piscina';
import { isRecord } from '../../common/primitives.js';
import type { ExpressionSandboxOptions } from './expression-sandbox.options.js';
import { EXPRESSION_WORKER_URL } from './expression-worker.location.js';
import type { ThreadJobs } from './expression.worker.js';

/** What ended a thread under its task; `start`: it had not begun with it. */
export type ThreadStop = 'time' | 'memory' | 'start';

/** On a machine that is busy a thread may take seconds to start, which is not its task's fault. */
const START_TIMEOUT_MS = 30_000;

/** Runs one task on each thread. A thread that hangs or runs out of memory ends, with its one task; the next task gets a new one. */
export class ExpressionThreads {
  private readonly pool: Piscina;
  private readonly logger = new Logger(ExpressionThreads.name);

  constructor(private readonly options: ExpressionSandboxOptions) {
    this.pool = new Piscina({
      filename: EXPRESSION_WORKER_URL,
      minThreads: 0,
      maxThreads: options.maxThreads,
      idleTimeout: options.idleTimeoutMs,
      concurrentTasksPerWorker: 1,
      recordTiming: false,
      resourceLimits: {
        maxOldGenerationSizeMb: options.threadMemoryMb,
        maxYoungGenerationSizeMb: 16,
        stackSizeMb: 4,
      },
    });
    // A thread that dies without a task: the next task starts another.
    this.pool.on('error', (error: Error) => this.logger.warn(`An idle expression thread ended: ${error.message}`));
  }

  /** Never more than `maxThreads` at a time: a task must not wait for the others. Its time counts once a thread has begun with it. */
  async run<Name extends keyof ThreadJobs>(
    name: Name,
    task: ThreadJobs[Name]['task'],
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ThreadJobs[Name]['outcome'] | ThreadStop> {
    const stop = new AbortController();
    const onAbort = () => stop.abort();
    const begun = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const limitMs = timeoutMs + this.options.graceMs;
    const startBy = Date.now() + START_TIMEOUT_MS;
    const onTime = (hadBegun: boolean) => {
      if (hadBegun || Date.now() > startBy) onAbort();
      else timer = setTimeout(onTime, limitMs, Atomics.load(begun, 0) === 1);
    };
    let timer = setTimeout(() => onTime(Atomics.load(begun, 0) === 1), limitMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.pool.run({ begun, task }, { name, signal: stop.signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (stop.signal.aborted) return Atomics.load(begun, 0) === 1 ? 'time' : 'start';
      if (isOutOfMemory(error)) return 'memory';
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

const isOutOfMemory = (error: unknown) => isRecord(error) && error['code'] === 'ERR_WORKER_OUT_OF_MEMORY';
