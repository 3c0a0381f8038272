/** Seconds by step, for the story and its result. */
export class Stopwatch {
  readonly seconds: Record<string, number>;

  /** @param before steps that were measured by others */
  constructor(before: Readonly<Record<string, number>> = {}) {
    this.seconds = { ...before };
  }

  async measure<T>(step: string, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.seconds[step] = Math.round((performance.now() - startedAt) / 10) / 100;
    }
  }
}
