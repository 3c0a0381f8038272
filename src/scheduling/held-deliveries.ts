import { Injectable } from '@nestjs/common';
import type { HeldOfOne } from '../logging/held-logs.js';
import { LateWatch } from './late-watch.js';

/** A delivery that is tried again may well take so long; then a person should look. */
const LATE_MS = 900_000;

/** Deliveries and webhooks that wait for another one with the same ordering key, and are never due while they do. */
@Injectable()
export class HeldDeliveries {
  private readonly late = new LateWatch(
    'Others with the same ordering key have held deliveries back for',
    'GET /v1/integrations/:id/traffic tells which, and of a source GET /v1/logs?status=FAIL&integrationId=...',
    LATE_MS,
  );
  private held: readonly HeldOfOne[] = [];

  /** Takes what a look at all has found; paused ones are left out, since a person knows of them. */
  seen(held: readonly HeldOfOne[]): void {
    this.held = held;
    this.late.seen(held.map(({ integrationId, since }) => ({ of: integrationId, dueAt: since })));
  }

  count(): number {
    return this.held.reduce((sum, { count }) => sum + count, 0);
  }

  oldestSince(): Date | null {
    const times = this.held.map(({ since }) => since.getTime());
    return times.length === 0 ? null : new Date(Math.min(...times));
  }
}
