import { Injectable, Logger } from '@nestjs/common';
import type { IntegrationId } from '../common/ids.js';

/** A delivery that is due and has not been made yet, the oldest of its integration. */
export interface LateDelivery {
  readonly integrationId: IntegrationId;
  readonly dueAt: Date;
}

/** From here on being late is no longer a matter of a burst, in milliseconds. */
const LATE_MS = 60_000;
const SAY_EVERY_MS = 60_000;
const NAMED_AT_MOST = 5;

/** Knows which integrations' deliveries are later than a minute, and says so once a minute: work never waits in silence. */
@Injectable()
export class LateWatch {
  private readonly log = new Logger(LateWatch.name);
  private late: readonly LateDelivery[] = [];
  private saidAtMs = Number.NEGATIVE_INFINITY;

  /** Takes what a look at all integrations has found; paused ones are left out, since a person knows of them. */
  seen(overdue: readonly LateDelivery[], now = Date.now()): void {
    this.late = overdue.filter(({ dueAt }) => now - dueAt.getTime() > LATE_MS);
    if (this.late.length === 0 || now - this.saidAtMs < SAY_EVERY_MS) return;
    this.saidAtMs = now;
    const named = this.late.slice(0, NAMED_AT_MOST).map(({ integrationId }) => integrationId);
    const more = this.late.length > named.length ? ` and ${this.late.length - named.length} more` : '';
    const seconds = Math.round((now - (this.oldestDueAt()?.getTime() ?? now)) / 1_000);
    this.log.error(
      `Deliveries are late by up to ${seconds} s, of ${named.join(', ')}${more}; GET /v1/integrations/:id/traffic tells what holds them`,
    );
  }

  /** How many integrations have a delivery that is later than a minute. */
  count(): number {
    return this.late.length;
  }

  oldestDueAt(): Date | null {
    const times = this.late.map(({ dueAt }) => dueAt.getTime());
    return times.length === 0 ? null : new Date(Math.min(...times));
  }
}
