import { Injectable } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../common/bounded.js';
import { type HeldOfOne, HeldLogs } from '../logging/held-logs.js';
import { HeldDeliveries } from '../scheduling/held-deliveries.js';
import { TryOwners } from '../scheduling/try-owners.js';

/** Counts what waits for another delivery to end. Nobody else would see it: it has no due time to be late for. */
@Injectable()
export class HeldSweep {
  constructor(
    private readonly logs: HeldLogs,
    private readonly owners: TryOwners,
    private readonly held: HeldDeliveries,
  ) {}

  async count(stopping: AbortSignal): Promise<void> {
    const found: HeldOfOne[] = [];
    let after = '';
    while (!stopping.aborted) {
      const longest = await bounded(this.logs.longestOfNext(after), DATABASE_TIMEOUT_MS, 'Looking for what is held');
      if (!longest?.integrationId) break;
      const { integrationId, updatedAt: since } = longest;
      const owner = await this.owners.find(integrationId);
      if (!owner?.pause) found.push({ integrationId, count: await this.logs.countOf(integrationId), since });
      after = integrationId;
    }
    this.held.seen(found);
  }
}
