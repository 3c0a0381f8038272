import type { IntegrationLog } from '../../src/logging/integration-log.js';
import type { FleetCall } from './fleet.js';

/** A call that ended so long before its worker did may have been without a record then, on a busy machine. */
const RECORD_MS = 3_000;

interface Span {
  readonly from: number;
  readonly until: number;
}

/** When a server or a worker was away, and the time after that in which what it held up is still on its way. */
export class Outages {
  private readonly spans: Span[] = [];
  private readonly losses: Span[] = [];

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

  /** An act by which workers lose what they have in hand, or by which what tells that they have it is lost. */
  async losing<T>(act: () => Promise<T>): Promise<T> {
    const from = Date.now();
    try {
      return await act();
    } finally {
      this.losses.push({ from, until: Date.now() });
    }
  }

  /** Whether a worker may have had it in hand, on its way to its vendor or back, when that was lost. */
  cutOff({ beganAt, endedAt }: FleetCall): boolean {
    return this.losses.some(({ from, until }) => beganAt <= until && (endedAt === null || from <= endedAt + RECORD_MS));
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
