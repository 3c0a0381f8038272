import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy, Inject } from '@nestjs/common';
import type { IntegrationId } from '../../common/ids.js';
import { Rounds } from '../../common/rounds.js';
import { ROLE } from '../../config/settings.js';
import type { Role } from '../../config/waybill-options.js';
import type { Integration } from '../../integrations/integration.js';
import { IntegrationDirectory } from '../../integrations/integration-directory.js';
import { slotBefore } from '../../integrations/retry-schedule.js';
import { RetryBatchService } from './retry-batch.service.js';

const LOOK_EVERY_MS = 10_000;
/** A run that no process was there for is made up for until then; a vendor's window has not closed by that time. */
const CATCH_UP_MS = 15 * 60_000;

/** Starts the runs of retry schedules. Every worker looks; the id of a run's batch makes it one run. */
@Injectable()
export class RetryScheduler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(RetryScheduler.name);
  /** The last run of each that this process has seen to, as a time. */
  private readonly seenTo = new Map<IntegrationId, number>();
  private readonly rounds: Rounds;

  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly batches: RetryBatchService,
    @Inject(ROLE) private readonly role: Role,
  ) {
    const part = { what: 'Starting scheduled retries', work: () => this.startDue(new Date()) };
    this.rounds = new Rounds(LOOK_EVERY_MS, [part], this.log);
  }

  onApplicationBootstrap(): void {
    if (this.role !== 'api') this.rounds.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  /** Starts every run that is due at that time and was not started. */
  async startDue(now: Date): Promise<void> {
    for await (const integration of this.directory.withRetrySchedule()) await this.startOne(integration, now);
  }

  private async startOne(integration: Integration, now: Date): Promise<void> {
    const { _id, retrySchedule, enabled, pause, updatedAt } = integration;
    if (!retrySchedule || !enabled || pause) return;
    const dueAt = slotBefore(retrySchedule, now);
    if (!dueAt || this.seenTo.get(_id) === dueAt.getTime()) return;
    // A schedule that was just entered has no past.
    if (now.getTime() - dueAt.getTime() > CATCH_UP_MS || dueAt < updatedAt) return;
    if (await this.batches.startScheduled(integration, retrySchedule, dueAt))
      this.log.log(`The scheduled retries of ${_id} that were due ${dueAt.toISOString()} begin`);
    this.seenTo.set(_id, dueAt.getTime());
  }
}
