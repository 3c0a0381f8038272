import { timingSafeEqual } from 'node:crypto';

/** Compares what was sent with what was expected, and tells nothing by its duration but whether the lengths differ. */
export function equalInConstantTime(sent: string, expected: string): boolean {
  const [a, b] = [Buffer.from(sent), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
