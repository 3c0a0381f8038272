import { Logger } from '@nestjs/common';

/** The oldest of what somebody has waiting. */
export interface LateWork {
  /** Whose it is. */
  readonly of: string;
  readonly dueAt: Date;
}

const NAMED_AT_MOST = 5;

/** Knows whose work is later than a time, and says so as often as that: work never waits in silence. */
export class LateWatch {
  private readonly log = new Logger(LateWatch.name);
  private late: readonly LateWork[] = [];
  private saidAtMs = Number.NEGATIVE_INFINITY;

  /** `what` begins the sentence that is said, `hint` ends it. */
  constructor(
    private readonly what: string,
    private readonly hint: string,
    private readonly lateMs: number,
  ) {}

  /** Takes what a look at all has found. */
  seen(overdue: readonly LateWork[], now = Date.now()): void {
    this.late = overdue.filter(({ dueAt }) => now - dueAt.getTime() > this.lateMs);
    if (this.late.length === 0 || now - this.saidAtMs < this.lateMs) return;
    this.saidAtMs = now;
    const named = this.late.slice(0, NAMED_AT_MOST).map(({ of }) => of);
    const more = this.late.length > named.length ? ` and ${this.late.length - named.length} more` : '';
    const seconds = Math.round((now - (this.oldestDueAt()?.getTime() ?? now)) / 1_000);
    this.log.error(`${this.what} up to ${seconds} s, of ${named.join(', ')}${more}; ${this.hint}`);
  }

  /** How many have work that is late. */
  count(): number {
    return this.late.length;
  }

  oldestDueAt(): Date | null {
    const times = this.late.map(({ dueAt }) => dueAt.getTime());
    return times.length === 0 ? null : new Date(Math.min(...times));
  }
}
