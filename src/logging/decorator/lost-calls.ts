import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { ProcessId } from '../../common/ids.js';
import { Rounds } from '../../common/rounds.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { Database } from '../../storage/database.js';
import { ChangedSpans } from '../changed-spans.js';
import { errorKeysOf } from '../error-keys.js';
import { INTEGRATION_LOGS } from '../integration-log.collection.js';
import type { IntegrationLog } from '../integration-log.js';
import { spanOf } from '../log-span.js';
import { ProcessRegistry } from './process-registry.js';

const ROUNDS_PER_WINDOW = 4;
const PAGE_SIZE = 500;

const LOST = {
  errorClass: 'unknown' as const,
  errorCode: 'PROCESS_DIED',
  errorMessage: 'The process ended before the call did',
};
const REMEDY = 'Find out at the other side whether the call was made; it is not made again by itself.';

type RunningCall = Required<Pick<IntegrationLog, '_id' | 'madeBy' | 'tenantId' | 'integrationId' | 'createdAt'>>;

/**
 * Takes the logs of decorated calls whose process is gone from QUEUED to FAIL. Any process may do so, and any number at once.
 *
 * The attempt count stays at 0: should the end of such a call come after all, because its process was cut off and not
 * dead or had left it in its spool, it moves the log as if nothing had been.
 */
@Injectable()
export class LostCalls implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(LostCalls.name);
  private readonly logs: Collection<IntegrationLog>;
  private readonly rounds: Rounds;
  private readonly lostAfterMs: number;
  private readonly seen = new Map<ProcessId, { beats: number; sinceMs: number }>();

  constructor(
    database: Database,
    private readonly registry: ProcessRegistry,
    private readonly changed: ChangedSpans,
    @Inject(SETTINGS) { calls }: Settings,
  ) {
    this.logs = database.collection(INTEGRATION_LOGS);
    this.lostAfterMs = calls.lostAfterMs;
    const parts = [{ what: 'Looking for calls whose process is gone', work: () => this.sweep() }];
    this.rounds = new Rounds(this.lostAfterMs / ROUNDS_PER_WINDOW, parts, this.log);
  }

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  private async sweep(): Promise<void> {
    const running = await this.findRunning();
    this.watch(await this.registry.beatsOfAll(), running);
    const lost = running.filter(({ madeBy }) => !this.isAlive(madeBy));
    if (lost.length > 0) await this.giveUp(lost);
    if (running.length < PAGE_SIZE) await this.forgetDead();
  }

  /** QUEUED calls; those of processes that live must not fill the page. */
  private async findRunning(): Promise<RunningCall[]> {
    const living = [...this.seen.keys()].filter((id) => this.isAlive(id));
    return this.logs
      .find({ status: 'QUEUED', integrationId: null, madeBy: { $exists: true, $nin: living } })
      .project<RunningCall>({ madeBy: 1, tenantId: 1, integrationId: 1, createdAt: 1 })
      .hint('backlog')
      .limit(PAGE_SIZE)
      .toArray();
  }

  /** A process that is not registered, or not yet, is watched like one whose beats stand still. */
  private watch(beatsOfAll: ReadonlyMap<ProcessId, number>, running: readonly RunningCall[]): void {
    const sinceMs = performance.now();
    for (const [id, beats] of [...running.map(({ madeBy }) => [madeBy, 0] as const), ...beatsOfAll]) {
      const seen = this.seen.get(id);
      if (!seen || beats > seen.beats) this.seen.set(id, { beats, sinceMs });
    }
  }

  /** Its beats have grown within the window, or it has been watched for less than that. */
  private isAlive(id: ProcessId): boolean {
    const seen = this.seen.get(id);
    return seen !== undefined && performance.now() - seen.sinceMs < this.lostAfterMs;
  }

  private async forgetDead(): Promise<void> {
    for (const [id, { beats }] of [...this.seen]) {
      if (this.isAlive(id)) continue;
      await this.registry.forget(id, beats);
      this.seen.delete(id);
    }
  }

  private async giveUp(lost: readonly RunningCall[]): Promise<void> {
    await this.changed.mark(lost.map(spanOf));
    const at = new Date();
    const { modifiedCount } = await this.logs.updateMany(
      { _id: { $in: lost.map(({ _id }) => _id) }, status: 'QUEUED', attemptCount: 0 },
      {
        $set: {
          status: 'FAIL',
          ...LOST,
          ...errorKeysOf(LOST),
          completedAt: at,
          updatedAt: at,
          'firstAttempt.outcome': 'unknown',
          'firstAttempt.errorClass': LOST.errorClass,
          'firstAttempt.errorCode': LOST.errorCode,
          'firstAttempt.errorMessage': LOST.errorMessage,
          'firstAttempt.remedy': REMEDY,
        },
      },
    );
    this.log.warn(`${modifiedCount} calls had not ended when their process did; whether they were made is not known`);
  }
}
