import type { IntegrationLog } from '../../src/logging/integration-log.js';

/** When a server or a worker was away, and the time after that in which what it held up is still on its way. */
export class Outages {
  private readonly spans: { from: number; until: number }[] = [];

  constructor(private readonly recoveryMs: number) {}

  /** One after the other. */
  async during<T>(outage: () => Promise<T>): Promise<T> {
    const from = Math.max(Date.now(), this.spans.at(-1)?.until ?? 0);
    try {
      return await outage();
    } finally {
      this.spans.push({ from, until: Date.now() + this.recoveryMs });
    }
  }

  cover(at: Date): boolean {
    return this.spans.some(({ from, until }) => from <= at.getTime() && at.getTime() < until);
  }

  /** How long a delivery took, but for the time in which nobody could have made it. */
  latenessOf({ createdAt, completedAt }: Pick<IntegrationLog, 'createdAt' | 'completedAt'>): number {
    const [begin, end] = [createdAt.getTime(), Number(completedAt)];
    const excusedMs = this.spans.reduce(
      (sum, { from, until }) => sum + Math.max(0, Math.min(end, until) - Math.max(begin, from)),
      0,
    );
    return end - begin - excusedMs;
  }
}
