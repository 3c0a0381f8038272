import { setTimeout as delay } from 'node:timers/promises';
import { BenchFailure } from './bench-failure.js';
import { interruption } from './interruption.js';

/** The promise's result, or a failure that says what took too long. Ends at once when the bench is interrupted. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const give = (reason: unknown) => reject(reason instanceof Error ? reason : new BenchFailure(String(reason)));
    const interrupt = () => give(interruption.reason);
    const timer = setTimeout(
      () => give(new BenchFailure(`Waited ${timeoutMs / 1_000} s for ${what}, in vain`)),
      timeoutMs,
    );
    interruption.addEventListener('abort', interrupt);
    if (interruption.aborted) interrupt();
    promise.then(resolve, give).finally(() => {
      clearTimeout(timer);
      interruption.removeEventListener('abort', interrupt);
    });
  });
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
