import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Database } from '../storage/database.js';
import { ALL_INTEGRATIONS, LOG_ROLLUPS, type LogRollup } from './log-rollup.collection.js';
import { replaceDocuments } from './replace-documents.js';
import { type RollupStep, ROLLUP_STEPS, STEP_MS, stepOf } from './rollup-step.js';
import { rollupIdOf } from './span-fold.js';
import type { LogRange } from './span-reader.js';
import { addTally, emptyTally, type Tally } from './tally.js';

type Place = Omit<LogRollup, '_id' | 'tally'>;

/**
 * Keeps rollups equal to what they sum up: five minutes the logs, hours the five minutes, days the hours, and a tenant its
 * integrations. Nothing is ever added to a number that is there, so doing any of it again changes nothing.
 */
@Injectable()
export class RollupStore implements OnModuleInit {
  private readonly rollups: Collection<LogRollup>;

  constructor(private readonly database: Database) {
    this.rollups = database.collection(LOG_ROLLUPS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(LOG_ROLLUPS);
  }

  /** Puts the five minutes of a range in the place of those before, and sums up the hours and days that they are in. */
  async replace(range: LogRange, rollups: readonly LogRollup[]): Promise<void> {
    await this.replaceSteps('5m', range, rollups);
    await this.sumUp('1h', '5m', range);
    await this.sumUp('1d', '1h', range);
  }

  /** The same for the tenant as a whole, after its integrations. */
  async sumUpTenant({ tenantId, from, to }: Pick<LogRange, 'tenantId' | 'from' | 'to'>): Promise<void> {
    for (const step of ROLLUP_STEPS) {
      const whole = {
        tenantId,
        integrationId: ALL_INTEGRATIONS,
        from: stepOf(step, from),
        to: endOf(step, to),
      } as const;
      const sums = new Map<string, LogRollup>();
      const parts = this.rollups.find({ tenantId, step, at: { $gte: whole.from, $lt: whole.to } }).hint('of_time');
      for await (const part of parts) {
        if (part.integrationId === ALL_INTEGRATIONS) continue;
        addTo(sums, { ...placeOf(part), integrationId: ALL_INTEGRATIONS, actionId: null }, part.tally);
      }
      await this.replaceSteps(step, whole, [...sums.values()]);
    }
  }

  private async sumUp(
    step: RollupStep,
    finer: RollupStep,
    { tenantId, integrationId, from, to }: LogRange,
  ): Promise<void> {
    const whole = { tenantId, integrationId, from: stepOf(step, from), to: endOf(step, to) };
    const filter = { tenantId, step: finer, integrationId, at: { $gte: whole.from, $lt: whole.to } };
    const sums = new Map<string, LogRollup>();
    for await (const part of this.rollups.find(filter).hint('of_integration'))
      addTo(sums, { ...placeOf(part), step, at: stepOf(step, part.at) }, part.tally);
    await this.replaceSteps(step, whole, [...sums.values()]);
  }

  private async replaceSteps(
    step: RollupStep,
    {
      tenantId,
      integrationId,
      from,
      to,
    }: Pick<LogRollup, 'tenantId' | 'integrationId'> & Pick<LogRange, 'from' | 'to'>,
    rollups: readonly LogRollup[],
  ): Promise<void> {
    const filter = { tenantId, step, integrationId, at: { $gte: from, $lt: to } };
    await replaceDocuments(this.rollups, { filter, index: 'of_integration' }, rollups);
  }
}

const placeOf = ({ tenantId, step, at, integrationId, actionId }: LogRollup): Place => ({
  tenantId,
  step,
  at,
  integrationId,
  actionId,
});

/** The end of the step that the last moment before a time is in. */
const endOf = (step: RollupStep, to: Date) =>
  new Date(stepOf(step, new Date(to.getTime() - 1)).getTime() + STEP_MS[step]);

function addTo(sums: Map<string, LogRollup>, place: Place, tally: Tally): void {
  const _id = rollupIdOf(place);
  const sum = sums.get(_id) ?? { _id, ...place, tally: emptyTally() };
  addTally(sum.tally, tally);
  sums.set(_id, sum);
}
