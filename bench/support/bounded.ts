import { setTimeout as delay } from 'node:timers/promises';
import { BenchFailure } from './bench-failure.js';
import { interruption } from './interruption.js';

/** The promise's result, or a failure that says what took too long. Ends at once when the bench is interrupted. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  const over = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    const late = () => reject(new BenchFailure(`Waited ${timeoutMs / 1_000} s for ${what}, in vain`));
    const timer = setTimeout(late, timeoutMs);
    const interrupt = () => reject(interruption.reason);
    interruption.addEventListener('abort', interrupt, { signal: over.signal });
    over.signal.addEventListener('abort', () => clearTimeout(timer));
    if (interruption.aborted) interrupt();
  });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    over.abort();
  }
}

/** Asks again and again until the answer is yes. */
export async function until(
  timeoutMs: number,
  what: string,
  everyMs: number,
  ask: () => Promise<boolean>,
): Promise<void> {
  const endsAtMs = performance.now() + timeoutMs;
  while (!(await ask())) {
    if (interruption.aborted) throw interruption.reason;
    if (performance.now() > endsAtMs) throw new BenchFailure(`Waited ${timeoutMs / 1_000} s for ${what}, in vain`);
    await delay(everyMs);
  }
}
