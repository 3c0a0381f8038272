const FIRST_WINDOW_MS = 3_600_000;
/** How much longer each window is than the one before: seven of them are thirty years. */
const GROWTH = 8;
const WINDOWS = 7;

/** A span of time as a filter. */
export interface TimeWindow {
  readonly $gte?: Date;
  readonly $lt?: Date;
}

/**
 * Parts of the time before `until` (all of it where that is `null`, from now), the newest first, ever longer, without gaps; none
 * begins before `from`, and without one the last has no begin.
 */
export function* windowsBefore(until: Date | null, from: Date | null): Generator<TimeWindow> {
  let end: Date | null = null;
  let beginMs = (until ?? new Date()).getTime();
  for (let number = 0; number < WINDOWS; number += 1) {
    beginMs -= FIRST_WINDOW_MS * GROWTH ** number;
    const $gte = new Date(Math.max(beginMs, from?.getTime() ?? beginMs));
    yield { $gte, ...(end ? { $lt: end } : {}) };
    if (from && beginMs <= from.getTime()) return;
    end = $gte;
  }
  yield { ...(from ? { $gte: from } : {}), ...(end ? { $lt: end } : {}) };
}
