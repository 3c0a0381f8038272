import { Injectable } from '@nestjs/common';
import type { ChangedSpan } from '../logging/changed-span.collection.js';
import { ChangedSpans } from '../logging/changed-spans.js';
import { SPAN_MS } from '../logging/log-span.js';
import { InsightsLease, type KeepLease } from './insights-lease.js';
import { RollupStore } from './rollup-store.js';
import { SpanSums } from './span-sums.js';

/** Marks that are looked at together. */
const PAGE_SIZE = 1_000;
/** From the begin of its minute, a mark may stand for writes to come: the minute, and twice what the slowest write takes. */
const OPEN_MS = 120_000;
/** A span that goes on changing is summed up anew after this many times of what that took: a twentieth of one core. */
const REST_FACTOR = 20;

interface Unit {
  readonly marks: ChangedSpan[];
  readonly span: ChangedSpan;
}

/**
 * Sums changed spans up, from their logs alone. A mark is taken off only after a sum that was begun when nothing could be
 * written under it any more; a process that dies before leaves it to the next.
 */
@Injectable()
export class InsightsSweep {
  private readonly restsUntil = new Map<string, number>();

  constructor(
    private readonly changed: ChangedSpans,
    private readonly lease: InsightsLease,
    private readonly sums: SpanSums,
    private readonly rollups: RollupStore,
  ) {}

  async sweep(stopping?: AbortSignal): Promise<void> {
    await this.lease.during(async (keep) => {
      for (let after = ''; ;) {
        const marks = await this.changed.find(after, PAGE_SIZE);
        const last = marks.at(-1);
        if (!last || !(await this.sumUp(unitsOf(marks), keep, stopping))) break;
        after = last._id;
      }
    });
    this.forgetRests();
  }

  /** `false` where it must stop: the process ends, or the lease was lost. */
  private async sumUp(units: readonly Unit[], keep: KeepLease, stopping?: AbortSignal): Promise<boolean> {
    const due = units.filter((unit) => this.isDue(unit));
    for (const tenantId of new Set(due.map(({ span }) => span.tenantId))) {
      const ofTenant = due.filter(({ span }) => span.tenantId === tenantId);
      const settled: ChangedSpan[] = [];
      for (const unit of ofTenant) {
        if (stopping?.aborted || !(await keep())) return false;
        settled.push(...(await this.sumUpUnit(unit)));
      }
      for (const from of new Set(ofTenant.map(({ span }) => span.from.getTime()))) {
        await this.rollups.sumUpTenant({ tenantId, from: new Date(from), to: new Date(from + SPAN_MS) });
      }
      await this.changed.forget(settled);
    }
    return true;
  }

  /** @returns the marks that have nothing to come */
  private async sumUpUnit({ span, marks }: Unit): Promise<ChangedSpan[]> {
    const begunMs = Date.now();
    await this.sums.sumUp({ ...span, to: new Date(span.from.getTime() + SPAN_MS) });
    const endedMs = Date.now();
    this.restsUntil.set(keyOf(span), endedMs + REST_FACTOR * (endedMs - begunMs));
    return marks.filter((mark) => !isOpen(mark, begunMs));
  }

  private isDue({ span, marks }: Unit): boolean {
    const now = Date.now();
    return marks.some((mark) => !isOpen(mark, now)) || (this.restsUntil.get(keyOf(span)) ?? 0) <= now;
  }

  private forgetRests(): void {
    for (const [key, until] of this.restsUntil) if (until <= Date.now()) this.restsUntil.delete(key);
  }
}

const isOpen = ({ minute }: ChangedSpan, now: number) => now - minute.getTime() < OPEN_MS;

const keyOf = ({ tenantId, integrationId, from }: ChangedSpan) =>
  `${tenantId}|${integrationId ?? ''}|${from.getTime()}`;

function unitsOf(marks: readonly ChangedSpan[]): Unit[] {
  const units = new Map<string, Unit>();
  for (const mark of marks) {
    const unit = units.get(keyOf(mark)) ?? { span: mark, marks: [] };
    unit.marks.push(mark);
    units.set(keyOf(mark), unit);
  }
  return [...units.values()];
}
