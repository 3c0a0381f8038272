/**
 * Bounds of one evaluation. They are chosen so that no single allocation comes near the memory of a thread: V8 stops a
 * thread that grows past its limit step by step, but aborts the whole process on one allocation that is far too large.
 */
export const EXPRESSION_LIMITS = {
  /** Bytes of an expression's source. */
  sourceBytes: 32 * 1024,
  /** Characters of all different regular expressions of one source together: RE2 compiles the worst of them in 0.2 s. */
  patternLength: 1_000,
  /** Characters of any one string that is made by or handed to a function: 2 MiB at two bytes each. */
  stringLength: 1024 * 1024,
  /** Items of any one sequence. */
  sequenceLength: 100_000,
  /** Evaluations that are open at the same time: nesting, plus the members of an object, which are evaluated together. */
  depth: 20_000,
  /** Characters of a picture string, as `$formatNumber` and `$fromMillis` take. */
  pictureLength: 256,
  /** The width that `$pad`, or a component of a date picture, may ask for. */
  width: 10_000,
} as const;

/** What stopped an evaluation, where it was stopped rather than failed. */
export type ExpressionLimit =
  'time' | 'memory' | 'depth' | 'sequence' | 'string' | 'picture' | 'input' | 'output' | 'queue' | 'start' | 'stopped';
