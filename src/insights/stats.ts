import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { TenantId } from '../common/ids.js';
import { asIntegrationId } from '../common/ids.js';
import { RequestInvalidError } from '../http/request-invalid.error.js';
import { Database } from '../storage/database.js';
import { ALL_INTEGRATIONS, LOG_ROLLUPS, type LogRollup } from './log-rollup.collection.js';
import { type RollupStep, ROLLUP_STEPS, STEP_MS, stepOf } from './rollup-step.js';
import { addTally, emptyTally, type Tally } from './tally.js';

/** More than 30 days in hours: what a chart can show. */
const MAX_POINTS = 750;

export interface StatsQuery {
  readonly from: Date;
  readonly to: Date;
  readonly step: RollupStep;
  readonly integrationId?: string;
  readonly actionId?: number;
}

export interface StatsSeries {
  readonly from: Date;
  readonly to: Date;
  readonly step: RollupStep;
  readonly total: Tally;
  readonly points: readonly { readonly at: Date; readonly tally: Tally }[];
}

/** Answers from rollups alone, so that it takes as long for a million logs as for ten. */
@Injectable()
export class Stats {
  private readonly rollups: Collection<LogRollup>;

  constructor(database: Database) {
    this.rollups = database.collection(LOG_ROLLUPS);
  }

  async of(tenantId: TenantId, query: StatsQuery): Promise<StatsSeries> {
    const { step } = query;
    const from = stepOf(step, query.from);
    const to = new Date(stepOf(step, new Date(query.to.getTime() - 1)).getTime() + STEP_MS[step]);
    const total = emptyTally();
    const points = new Map<number, { at: Date; tally: Tally }>();
    for await (const { at, tally } of this.find(tenantId, { ...query, from, to })) {
      const point = points.get(at.getTime()) ?? { at, tally: emptyTally() };
      addTally(point.tally, tally);
      addTally(total, tally);
      points.set(at.getTime(), point);
    }
    const inOrder = [...points.values()].toSorted((a, b) => a.at.getTime() - b.at.getTime());
    return { from, to, step, total, points: inOrder };
  }

  private find(tenantId: TenantId, { from, to, step, integrationId, actionId }: StatsQuery) {
    const fields = { projection: { _id: 0, at: 1, tally: 1 } };
    const at = { $gte: from, $lt: to };
    if (integrationId === undefined && actionId !== undefined)
      return this.rollups.find({ tenantId, step, actionId, at }, fields).hint('of_action');
    const ofAction = actionId === undefined ? {} : { actionId };
    const id = integrationId === undefined ? ALL_INTEGRATIONS : asIntegrationId(integrationId);
    return this.rollups.find({ tenantId, step, integrationId: id, at, ...ofAction }, fields).hint('of_integration');
  }
}

/** The step asked for, or the finest that a chart can show. @throws RequestInvalidError where neither can be shown. */
export function stepFor({ from, to, step }: { from: Date; to: Date; step?: RollupStep | undefined }): RollupStep {
  if (from >= to) throw fault('to', 'must be later than from', 'an earlier time');
  const pointsOf = (candidate: RollupStep) => Math.ceil((to.getTime() - from.getTime()) / STEP_MS[candidate]) + 1;
  const chosen = step ?? ROLLUP_STEPS.find((candidate) => pointsOf(candidate) <= MAX_POINTS) ?? '1d';
  if (pointsOf(chosen) > MAX_POINTS + 1)
    throw fault(step ? 'step' : 'from', `must make at most ${MAX_POINTS} points`, `${pointsOf(chosen)} points`);
  return chosen;
}

const fault = (field: string, expected: string, received: string) =>
  new RequestInvalidError([{ field, expected, received }]);
