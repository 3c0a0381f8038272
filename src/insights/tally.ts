import { ERROR_CLASSES, type ErrorClass } from '../common/error-class.js';
import type { LogStatus } from '../logging/integration-log.js';

/** Upper ends of the classes of duration, in milliseconds, each included; one more class is what took longer. */
export const DURATION_BOUNDS_MS = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000] as const;

/** What is told of many logs together. */
export interface Tally {
  readonly statuses: Record<LogStatus, number>;
  /** By the class of the last error; of logs that have one now. */
  readonly classes: Partial<Record<ErrorClass, number>>;
  /** First tries by how long they took: as many as the bounds, and one. */
  readonly durations: number[];
}

/** What of a log is counted. */
export interface CountedLog {
  readonly status: LogStatus;
  readonly errorClass: ErrorClass | null;
  /** Of the first try; `null` before it. */
  readonly durationMs: number | null;
}

export const emptyTally = (): Tally => ({
  statuses: { QUEUED: 0, SUCCESS: 0, FAIL: 0 },
  classes: {},
  durations: Array.from({ length: DURATION_BOUNDS_MS.length + 1 }, () => 0),
});

export function countLog(tally: Tally, { status, errorClass, durationMs }: CountedLog): void {
  tally.statuses[status] += 1;
  if (errorClass !== null) tally.classes[errorClass] = (tally.classes[errorClass] ?? 0) + 1;
  if (durationMs === null) return;
  const place = DURATION_BOUNDS_MS.findIndex((bound) => durationMs <= bound);
  const index = place === -1 ? DURATION_BOUNDS_MS.length : place;
  tally.durations[index] = (tally.durations[index] ?? 0) + 1;
}

export function addTally(sum: Tally, { statuses, classes, durations }: Tally): void {
  sum.statuses.QUEUED += statuses.QUEUED;
  sum.statuses.SUCCESS += statuses.SUCCESS;
  sum.statuses.FAIL += statuses.FAIL;
  for (const name of namesOf(classes)) sum.classes[name] = (sum.classes[name] ?? 0) + (classes[name] ?? 0);
  durations.forEach((count, index) => (sum.durations[index] = (sum.durations[index] ?? 0) + count));
}

/** The bound that the share `q` (0 to 1) of the first tries did not exceed; `null` of none, and where it is the class without a bound. */
export function durationQuantile({ durations }: Tally, q: number): number | null {
  const total = durations.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  const place = durations.findIndex((count) => (seen += count) >= total * q);
  return DURATION_BOUNDS_MS[place] ?? null;
}

function namesOf(classes: Tally['classes']): ErrorClass[] {
  return ERROR_CLASSES.filter((name) => classes[name] !== undefined);
}
