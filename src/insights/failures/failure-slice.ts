import type { FailureSample, FailureSlice } from './failure-slice.collection.js';

const MAX_SAMPLES = 10;

export const sliceIdOf = ({ groupId, step, at }: Pick<FailureSlice, 'groupId' | 'step' | 'at'>) =>
  `${groupId}|${step}|${at.getTime()}`;

type SliceSum = Pick<FailureSlice, 'count' | 'firstAt' | 'lastAt' | 'samples'>;

/** Adds a slice to the one that is there for the same id. */
export function addToSlice(slices: Map<string, FailureSlice>, slice: FailureSlice): void {
  const known = slices.get(slice._id);
  slices.set(slice._id, known ? { ...known, ...joined(known, slice) } : slice);
}

/** What slices of one group come to together. */
export function joined(one: SliceSum, other: SliceSum): SliceSum {
  if (one.count === 0) return other;
  if (other.count === 0) return one;
  return {
    count: one.count + other.count,
    firstAt: one.firstAt < other.firstAt ? one.firstAt : other.firstAt,
    lastAt: one.lastAt > other.lastAt ? one.lastAt : other.lastAt,
    samples: newestOf([...one.samples, ...other.samples]),
  };
}

/** Logs of one time stand in the order of their ids, so that the same failures give the same samples. */
const newestOf = (samples: readonly FailureSample[]) =>
  samples.toSorted((a, b) => b.at.getTime() - a.at.getTime() || (a.logId < b.logId ? 1 : -1)).slice(0, MAX_SAMPLES);
