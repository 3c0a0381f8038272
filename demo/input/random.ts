/**
 * A small seeded generator of numbers from 0 (inclusive) to 1 (exclusive): the same seed gives the same run.
 * Source: T. Ettinger, mulberry32, public domain.
 */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the values. */
export function pick<T>(random: () => number, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random() * values.length)] ?? values[0];
}

/** A whole number from `from` to `to`, both included. */
export const between = (random: () => number, from: number, to: number) =>
  from + Math.floor(random() * (to - from + 1));

/** As many digits as asked for, the first of them no zero. */
export const digits = (random: () => number, count: number) =>
  String(between(random, 10 ** (count - 1), 10 ** count - 1));
