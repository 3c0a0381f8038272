import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 50;

/**
 * Looks again and again until the condition holds.
 * @throws Error naming what was waited for when the deadline has passed; the signal's reason when the demo is stopped.
 */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal },
): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  while (!(await holds())) {
    signal.throwIfAborted();
    if (performance.now() > endsAt) throw new Error(`After ${deadlineMs / 1_000} s still waiting until ${what}`);
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  }
}

/** Works on the items in their order, so many at the same time; the results come in the same order. */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const lane = async () => {
    for (const [index, item] of queue) {
      signal.throwIfAborted();
      results[index] = await work(item, index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
