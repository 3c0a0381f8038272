import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 10;

/** Resolves with the first value that fits; fails with the last one seen, once the time is over. */
export async function eventually<T>(
  read: () => Promise<T> | T,
  fits: (value: T) => boolean,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (fits(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`Not within ${timeoutMs} ms; the last value was ${JSON.stringify(value)?.slice(0, 2_000)}`);
    await delay(LOOK_AGAIN_MS);
  }
}
