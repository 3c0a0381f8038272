import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Rounds } from '../common/rounds.js';
import { ROLE, SETTINGS, type Settings } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { InsightsSweep } from './insights-sweep.js';

/** Sums up what has changed, again and again, in one of the workers. */
@Injectable()
export class InsightsRounds implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly rounds: Rounds;

  constructor(
    sweep: InsightsSweep,
    @Inject(SETTINGS) { insights }: Settings,
    @Inject(ROLE) private readonly role: Role,
  ) {
    const part = { what: 'Summing the logs up', work: (stopping: AbortSignal) => sweep.sweep(stopping) };
    this.rounds = new Rounds(insights.intervalMs, [part], new Logger(InsightsRounds.name));
  }

  onApplicationBootstrap(): void {
    if (this.role !== 'api') this.rounds.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }
}
