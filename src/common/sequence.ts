let last = 0;

/** Grows by the clock, and within one process with every call: microseconds since 1970, as far as milliseconds are known. */
export const nextSequence = (): number => (last = Math.max(Date.now() * 1_000, last + 1));
