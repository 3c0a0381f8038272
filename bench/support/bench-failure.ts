/** The bench cannot go on, and the message says why: shown without a stack. */
export class BenchFailure extends Error {}
