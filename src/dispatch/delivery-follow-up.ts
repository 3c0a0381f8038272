import { Injectable } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../common/bounded.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import type { Execution } from '../logging/log-entry.js';
import { LogFallback } from '../logging/log-fallback.js';
import { ERROR_CLASS_RULES } from '../retries/error-class.rules.js';
import { CallbackQueue } from '../scheduling/callback-queue.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';
import { type TryOwner, TryOwners } from '../scheduling/try-owners.js';
import { DeliveryOrder } from './delivery-order.js';
import { DeliveryWatch } from './delivery-watch.js';

/** What the end of a try leads to, once its record is durable. Were the process to die here, reconcilers would do it. */
@Injectable()
export class DeliveryFollowUp {
  constructor(
    private readonly queue: DeliveryQueue,
    private readonly owners: TryOwners,
    private readonly order: DeliveryOrder,
    private readonly callbacks: CallbackQueue,
    private readonly watch: DeliveryWatch,
    private readonly kept: LogFallback,
  ) {}

  /** Resolves once MongoDB has the records that other processes kept elsewhere: a try that they tell of has not been lost. */
  async awaitRecords(): Promise<void> {
    await bounded(this.kept.settled(), DATABASE_TIMEOUT_MS, 'Writing what was kept of tries that are taken over');
  }

  async follow(
    log: IntegrationLog,
    owner: TryOwner | null,
    { attempt, summary, disables, toTell }: Execution,
  ): Promise<void> {
    this.watch.tried(attempt, log.nextAttemptAt);
    if (summary.status !== 'QUEUED') this.watch.ended(summary);
    if (toTell) this.callbacks.add([{ log, toTell }]);
    if (summary.nextAttemptAt && log.integrationId) {
      await this.queue.add([
        {
          logId: log._id,
          integrationId: log.integrationId,
          attempt: attempt.number + 1,
          dueAt: summary.nextAttemptAt,
        },
      ]);
    }
    const gone = attempt.errorClass !== null && ERROR_CLASS_RULES[attempt.errorClass].disables;
    const reason = gone ? (attempt.errorMessage ?? '') : disables;
    // Only the version that the vendor answered to: a person may have corrected it meanwhile.
    if (reason !== undefined && log.integrationId)
      await this.owners.disable(log.integrationId, reason, attempt.integrationVersion);
    if (owner) await this.order.ended(log, owner, summary.status);
  }
}
