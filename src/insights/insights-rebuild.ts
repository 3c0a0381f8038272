import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { TenantId } from '../common/ids.js';
import { InsightsBusyError } from './insights-busy.error.js';
import { InsightsLease, type KeepLease } from './insights-lease.js';
import { RollupStore } from './rollup-store.js';
import { STEP_MS, stepOf } from './rollup-step.js';
import { SpanReader } from './span-reader.js';
import { SpanSums } from './span-sums.js';

const DAY_MS = STEP_MS['1d'];
/** A sweep over what usually changes takes far less. */
const PATIENCE_MS = 60_000;
const BETWEEN_LOOKS_MS = 100;

export interface RebuiltDay {
  readonly tenantId: TenantId;
  readonly day: Date;
}

export interface RebuildOptions {
  readonly from: Date;
  readonly to: Date;
  /** Default: all tenants. */
  readonly tenantId?: TenantId | undefined;
  readonly onDay?: (done: RebuiltDay) => void;
}

/** Sums all logs of a range of time up anew. It comes to what the sweep comes to, because both do the same. */
@Injectable()
export class InsightsRebuild {
  constructor(
    private readonly reader: SpanReader,
    private readonly lease: InsightsLease,
    private readonly sums: SpanSums,
    private readonly rollups: RollupStore,
  ) {}

  /**
   * Whole days of UTC, from the one of `from` to the one before `to`. Waits for a worker that sums up just now.
   * @throws InsightsBusyError where it goes on for longer than a minute
   */
  async rebuild(options: RebuildOptions): Promise<void> {
    const work = (keep: KeepLease) => this.rebuildDays(options, keep);
    const waitsUntil = Date.now() + PATIENCE_MS;
    while (!(await this.lease.during(work))) {
      if (Date.now() > waitsUntil) throw new InsightsBusyError();
      await delay(BETWEEN_LOOKS_MS);
    }
  }

  private async rebuildDays({ from, to, tenantId: only, onDay }: RebuildOptions, keep: KeepLease): Promise<void> {
    const integrations = await this.integrationsByTenant(only);
    for (const [tenantId, ids] of integrations) {
      for (let at = stepOf('1d', from).getTime(); at < to.getTime(); at += DAY_MS) {
        const day = { from: new Date(at), to: new Date(at + DAY_MS) };
        for (const integrationId of ids) {
          if (!(await keep())) throw new InsightsBusyError();
          await this.sums.sumUp({ tenantId, integrationId, ...day });
        }
        await this.rollups.sumUpTenant({ tenantId, ...day });
        onDay?.({ tenantId, day: day.from });
      }
    }
  }

  private async integrationsByTenant(only: TenantId | undefined) {
    const byTenant = new Map<TenantId, Parameters<SpanReader['read']>[0]['integrationId'][]>();
    for await (const { tenantId, integrationId } of this.reader.integrations(only))
      byTenant.set(tenantId, [...(byTenant.get(tenantId) ?? []), integrationId]);
    return byTenant;
  }
}
