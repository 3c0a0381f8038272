import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Database } from '../../storage/database.js';
import { insertMissing } from '../../storage/mongo-errors.js';
import { replaceDocuments } from '../replace-documents.js';
import { STEP_MS, stepOf } from '../rollup-step.js';
import type { LogRange } from '../span-reader.js';
import { FAILURE_GROUPS, type FailureGroup, type FailureKind } from './failure-group.collection.js';
import { FAILURE_SLICES, type FailureSlice } from './failure-slice.collection.js';
import { addToSlice, joined, sliceIdOf } from './failure-slice.js';

/** Keeps the groups equal to their slices, and these to the logs: five minutes, days, the group. */
@Injectable()
export class FailureGroupStore implements OnModuleInit {
  private readonly groups: Collection<FailureGroup>;
  private readonly slices: Collection<FailureSlice>;

  constructor(private readonly database: Database) {
    this.groups = database.collection(FAILURE_GROUPS);
    this.slices = database.collection(FAILURE_SLICES);
  }

  async onModuleInit(): Promise<void> {
    await Promise.all([this.database.ensureIndexes(FAILURE_GROUPS), this.database.ensureIndexes(FAILURE_SLICES)]);
  }

  /** Puts the slices of a range in the place of those before, and sums the groups up that had or have any. */
  async replace(range: LogRange, kinds: readonly FailureKind[], slices: readonly FailureSlice[]): Promise<void> {
    const where = { filter: filterOf(range, '5m'), index: 'of_integration' };
    const before = await this.slices.find(where.filter).hint(where.index).toArray();
    const now = new Set(slices.map(({ _id }) => _id));
    // They stay as empty ones: a process that dies before it has summed their groups up leaves them to be found.
    const emptied = before.filter(({ _id }) => !now.has(_id)).map((slice) => ({ ...slice, count: 0, samples: [] }));
    const all = [...slices, ...emptied];
    if (all.length === 0) return;
    await replaceDocuments(this.slices, where, all);
    await this.sumUpDays(range);
    const kindOf = new Map(kinds.map((kind) => [kind._id, kind]));
    for (const groupId of new Set(all.map((slice) => slice.groupId)))
      await this.sumUpGroup(groupId, kindOf.get(groupId));
  }

  /** Their messages may tell of somebody who is erased: they go as soon as they have no failures of others. */
  async deleteOnceEmpty(groupIds: readonly string[]): Promise<void> {
    const which = { _id: { $in: [...groupIds] } };
    await this.groups.updateMany(which, { $set: { erasing: true } });
    await this.groups.deleteMany({ ...which, count: 0 });
  }

  private async sumUpDays({ from, to, ...range }: LogRange): Promise<void> {
    const end = new Date(stepOf('1d', new Date(to.getTime() - 1)).getTime() + STEP_MS['1d']);
    const whole = { ...range, from: stepOf('1d', from), to: end };
    const days = new Map<string, FailureSlice>();
    for await (const slice of this.slices.find(filterOf(whole, '5m')).hint('of_integration')) {
      const place = { groupId: slice.groupId, step: '1d', at: stepOf('1d', slice.at) } as const;
      addToSlice(days, { ...slice, ...place, _id: sliceIdOf(place) });
    }
    await replaceDocuments(this.slices, { filter: filterOf(whole, '1d'), index: 'of_integration' }, [...days.values()]);
  }

  private async sumUpGroup(groupId: string, kind: FailureKind | undefined): Promise<void> {
    const days = await this.slices.find({ groupId, step: '1d' }).hint('of_group').toArray();
    const [first, ...rest] = days.filter((day) => day.count > 0);
    if (!first) {
      await this.groups.updateOne({ _id: groupId }, { $set: { count: 0, samples: [] } });
      await this.groups.deleteOne({ _id: groupId, count: 0, erasing: true });
      return;
    }
    const { count, samples, firstAt, lastAt } = rest.reduce(joined, first);
    const update = {
      $set: { count, samples },
      // What was seen stays seen, also when a retry has succeeded since.
      $min: { firstSeenAt: firstAt },
      $max: { lastSeenAt: lastAt },
    };
    const { matchedCount } = await this.groups.updateOne({ _id: groupId }, update);
    if (matchedCount === 0 && kind) {
      const group = { ...kind, count, samples, firstSeenAt: firstAt, lastSeenAt: lastAt, ...UNTOUCHED };
      await insertMissing(() => this.groups.insertOne(group));
    }
    await this.groups.updateOne(
      { _id: groupId, state: 'resolved', resolvedAt: { $lt: lastAt } },
      { $set: { state: 'open', reopenedAt: lastAt } },
    );
  }
}

const UNTOUCHED = {
  state: 'open',
  owner: null,
  note: null,
  changedBy: null,
  changedAt: null,
  resolvedAt: null,
  reopenedAt: null,
} as const;

const filterOf = ({ tenantId, integrationId, from, to }: LogRange, step: FailureSlice['step']) => ({
  tenantId,
  step,
  integrationId,
  at: { $gte: from, $lt: to },
});
