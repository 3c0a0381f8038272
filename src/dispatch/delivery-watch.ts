import { Injectable } from '@nestjs/common';
import type { Attempt, LogSummary } from '../logging/integration-log.js';

export interface DeliveryWatcher {
  /** A try has ended, and its record is durable. `dueAt`: when it was due. */
  tried(attempt: Attempt, dueAt: Date | null): void;
  /** A delivery has ended for now: SUCCESS, or FAIL until a person retries it. */
  ended(summary: Pick<LogSummary, 'status' | 'errorClass'>): void;
}

/** Tells those who watch, within this process, how its deliveries go. */
@Injectable()
export class DeliveryWatch implements DeliveryWatcher {
  private readonly watchers: DeliveryWatcher[] = [];

  add(watcher: DeliveryWatcher): void {
    this.watchers.push(watcher);
  }

  tried(attempt: Attempt, dueAt: Date | null): void {
    for (const watcher of this.watchers) watcher.tried(attempt, dueAt);
  }

  ended(summary: Pick<LogSummary, 'status' | 'errorClass'>): void {
    for (const watcher of this.watchers) watcher.ended(summary);
  }
}
