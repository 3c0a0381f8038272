import type { LogRange, SpanLog } from './span-reader.js';
import { stepOf } from './rollup-step.js';
import type { LogRollup } from './log-rollup.collection.js';
import { countLog, emptyTally, type Tally } from './tally.js';

export const rollupIdOf = ({ tenantId, step, at, integrationId, actionId }: Omit<LogRollup, '_id' | 'tally'>) =>
  `${tenantId}|${step}|${at.getTime()}|${integrationId ?? ''}|${actionId ?? ''}`;

/** Sums logs of one integration up by action and five minutes. The same logs give the same rollups, in whatever order. */
export class RollupFold {
  private readonly tallies = new Map<string, Omit<LogRollup, '_id'>>();

  constructor(private readonly range: Pick<LogRange, 'tenantId' | 'integrationId'>) {}

  add({ createdAt, actionId, status, errorClass, firstAttempt }: SpanLog): void {
    const { tenantId, integrationId } = this.range;
    const key = { tenantId, step: '5m', at: stepOf('5m', createdAt), integrationId, actionId } as const;
    countLog(this.tallyOf(key), { status, errorClass, durationMs: firstAttempt?.durationMs ?? null });
  }

  rollups(): LogRollup[] {
    return [...this.tallies].map(([_id, rollup]) => ({ _id, ...rollup }));
  }

  private tallyOf(key: Omit<LogRollup, '_id' | 'tally'>): Tally {
    const id = rollupIdOf(key);
    const known = this.tallies.get(id);
    if (known) return known.tally;
    const tally = emptyTally();
    this.tallies.set(id, { ...key, tally });
    return tally;
  }
}
