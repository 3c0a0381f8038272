import { Injectable } from '@nestjs/common';
import type { IntegrationLog, LogStatus } from '../logging/integration-log.js';
import { IntegrationLogStore, type SetAsideLog } from '../logging/integration-log.store.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';
import { type TryOwner, TryOwners } from '../scheduling/try-owners.js';

/**
 * Keeps deliveries with the same ordering key in the order of their events, one at a time. One that comes too early is
 * set aside: it stays QUEUED without a due time until the one before it has ended. MongoDB alone knows the order, so
 * nothing of it can be lost with Redis.
 */
@Injectable()
export class DeliveryOrder {
  /** The last of those that were looked at; the next look goes on behind it, so that none is left out for long. */
  private lookedAt: SetAsideLog | null = null;

  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly queue: DeliveryQueue,
    private readonly owners: TryOwners,
  ) {}

  /**
   * Those whose turn has come although nobody brought them back: the process that should have died, or the rule changed.
   * Each call looks at the next `limit` of all that are set aside.
   */
  async bringBackForgotten(before: Date, limit: number, stopping: AbortSignal): Promise<void> {
    const found = await this.logs.findSetAside(before, this.lookedAt, limit);
    for (const log of found) {
      if (stopping.aborted) return;
      const owner = log.integrationId && (await this.owners.find(log.integrationId));
      if (!owner || !(await this.isBehind(log, owner))) await this.logs.bringBack(log);
    }
    this.lookedAt = found.length === limit ? (found.at(-1) ?? null) : null;
  }

  /** Whether another delivery has to end before this one may be made. */
  async isBehind(log: IntegrationLog, { traffic }: Pick<TryOwner, 'traffic'>): Promise<boolean> {
    if (!traffic.ordering || !log.order) return false;
    return this.logs.isBehind(log, log.order, traffic.ordering.afterFail === 'hold');
  }

  /** As `isBehind`; then the log has been set aside. */
  async mustWait(log: IntegrationLog, owner: TryOwner): Promise<boolean> {
    if (!(await this.isBehind(log, owner))) return false;
    await this.logs.setAside(log);
    // The one before may have ended in between and have found nothing set aside.
    if (await this.isBehind(log, owner)) return true;
    await this.logs.bringBack(log);
    return false;
  }

  /** Brings back the next one with the same key, where this one has ended for good. */
  async ended(log: IntegrationLog, { traffic }: TryOwner, status: LogStatus): Promise<void> {
    if (!log.order || !log.integrationId || status === 'QUEUED') return;
    if (status === 'FAIL' && traffic.ordering?.afterFail === 'hold') return;
    const next = await this.logs.bringBackNext(log.integrationId, log.order.key);
    if (!next?.nextAttemptAt) return;
    await this.queue.add([
      {
        logId: next._id,
        integrationId: log.integrationId,
        attempt: next.attemptCount + 1,
        dueAt: next.nextAttemptAt,
      },
    ]);
  }
}
