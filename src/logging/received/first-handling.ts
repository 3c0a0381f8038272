import { Injectable } from '@nestjs/common';
import { Database } from '../../storage/database.js';
import type { DeliveryOrderKey, IntegrationLog } from '../integration-log.js';
import { INTEGRATION_LOGS } from '../integration-log.collection.js';

/** By these a webhook is told from a copy of it that came later. */
type Taken = Pick<IntegrationLog, '_id' | 'createdAt' | 'correlationId'>;

/** Whether the process that took a webhook makes its first try at once, or has not lived to record it. */
export const isHandledAtOnce = ({ attemptCount, direction, madeBy }: IntegrationLog) =>
  attemptCount === 0 && direction === 'inbound' && madeBy !== undefined;

/** The mark of webhooks that the process that took them works on at once: their first try is made without a job. */
@Injectable()
export class FirstHandling {
  constructor(private readonly database: Database) {}

  /** Whether a process works at once on another webhook with the same ordering key. */
  async isUnderWay({ _id, integrationId }: IntegrationLog, { key }: DeliveryOrderKey): Promise<boolean> {
    const other = await this.database.collection(INTEGRATION_LOGS).findOne(
      {
        _id: { $ne: _id },
        integrationId,
        'order.key': key,
        status: 'QUEUED',
        madeBy: { $exists: true },
        attemptCount: 0,
      },
      { projection: { _id: 1 }, hint: 'order_at_once' },
    );
    return other !== null;
  }

  /** Takes the mark from webhooks that nobody has begun to work on. Copies of them may carry the mark of another process. */
  async leaveToWorkers(taken: readonly Taken[]): Promise<void> {
    if (taken.length === 0) return;
    const updatedAt = new Date();
    const updates = taken.map(({ _id, createdAt, correlationId }) => ({
      q: { _id, status: 'QUEUED' as const, attemptCount: 0, madeBy: { $exists: true }, createdAt, correlationId },
      u: { $set: { nextAttemptAt: createdAt, updatedAt }, $unset: { madeBy: '' as const } },
    }));
    await this.database.updateEach(INTEGRATION_LOGS, updates);
  }
}
