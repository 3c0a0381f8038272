import { Logger } from '@nestjs/common';
import { Piscina } from 'piscina';
import { isRecord } from '../../common/primitives.js';
import type { ExpressionSandboxOptions } from './expression-sandbox.options.js';
import { EXPRESSION_WORKER_URL } from './expression-worker.location.js';
import type { ThreadJobs } from './expression.worker.js';

/** What ended a thread under its task. */
export type ThreadStop = 'time' | 'memory';

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

  /** Never more than `maxThreads` at a time: the time limit of a task starts here, so it must not wait. */
  async run<Name extends keyof ThreadJobs>(
    name: Name,
    task: ThreadJobs[Name]['task'],
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ThreadJobs[Name]['outcome'] | ThreadStop> {
    const stop = new AbortController();
    const onAbort = () => stop.abort();
    const timer = setTimeout(onAbort, timeoutMs + this.options.graceMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.pool.run(task, { name, signal: stop.signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (stop.signal.aborted) return 'time';
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
