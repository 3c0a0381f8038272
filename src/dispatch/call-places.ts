import { Semaphore } from '../common/semaphore.js';

/** A call that takes longer is waiting for its vendor, and costs this process next to nothing meanwhile. */
const SLOW_CALL_MS = 1_000;
const SLOW_CALLS_PER_PLACE = 4;
/** One integration gets 60 % of the places (1.5 / 2.5) where it is alone, and never leaves a newcomer without any. */
const HEADROOM = 1.5;

/** Bounds the calls that a process makes at the same time; reading and recording other tries goes on beside them. */
export const callPlaces = (concurrency: number) =>
  new Semaphore(concurrency, {
    patience: { afterMs: SLOW_CALL_MS, most: SLOW_CALLS_PER_PLACE * concurrency },
    headroom: HEADROOM,
  });
