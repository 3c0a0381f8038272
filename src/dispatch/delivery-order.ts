import { Injectable } from '@nestjs/common';
import type { IntegrationLog, LogStatus } from '../logging/integration-log.js';
import { IntegrationLogStore, type SetAsideLog } from '../logging/integration-log.store.js';
import { FirstHandling, isHandledAtOnce } from '../logging/received/first-handling.js';
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
    private readonly firstHandling: FirstHandling,
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
  async isBehind(log: IntegrationLog, owner: Pick<TryOwner, 'traffic'>): Promise<boolean> {
    return (await this.whatIsBefore(log, owner)) !== null;
  }

  /**
   * What has to end before this one may be made: an earlier one; or a later one that a process works on at once, and began
   * with before this one was there to be seen.
   */
  async whatIsBefore(
    log: IntegrationLog,
    { traffic }: Pick<TryOwner, 'traffic'>,
  ): Promise<'earlier' | 'made-at-once' | null> {
    if (!traffic.ordering || !log.order) return null;
    if (await this.logs.isBehind(log, log.order, traffic.ordering.afterFail === 'hold')) return 'earlier';
    const isUnderWay = log.direction === 'inbound' && (await this.firstHandling.isUnderWay(log, log.order));
    return isUnderWay ? 'made-at-once' : null;
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
    const holds = status === 'QUEUED' || (status === 'FAIL' && traffic.ordering?.afterFail === 'hold');
    if (!holds) await this.bringBackNext(log);
    else if (isHandledAtOnce(log)) await this.letEarlierGo(log);
  }

  /** Brings back an earlier one, which waits for this one only as long as a process works on it at once. */
  async letEarlierGo(log: IntegrationLog): Promise<void> {
    if (log.order) await this.bringBackNext(log, log.order.seq);
  }

  private async bringBackNext({ integrationId, order }: IntegrationLog, before?: number): Promise<void> {
    if (!order || !integrationId) return;
    const next = await this.logs.bringBackNext(integrationId, order.key, before);
    if (!next?.nextAttemptAt) return;
    await this.queue.add([
      { logId: next._id, integrationId, attempt: next.attemptCount + 1, dueAt: next.nextAttemptAt },
    ]);
  }
}
