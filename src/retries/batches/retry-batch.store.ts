import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Collection, Model } from 'mongoose';
import type { IntegrationId, LogId, RetryBatchId, TenantId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import { insertMissing } from '../../storage/mongo-errors.js';
import {
  BATCH_OUTCOMES,
  type BatchOutcome,
  type BatchSelection,
  type BatchState,
  type RetryBatch,
  type RetryBatchItem,
} from './retry-batch.js';
import { RETRY_BATCH_ITEMS, RETRY_BATCHES } from './retry-batch.collection.js';

/** A worker that says nothing for so long has died, and another takes its batches over. */
const LEASE_MS = 15_000;
/** Batches that a worker looks at in one turn. */
const MAX_OPEN = 50;

export type ItemChange = Pick<RetryBatchItem, '_id' | 'outcome' | 'why'>;
/** A log of a batch that is about to be retried, with the tries that it has had. */
export type ItemClaim = Pick<RetryBatchItem, '_id' | 'replayLogId'> & { readonly fromAttempt: number };
export type OutcomeCounts = Record<BatchOutcome, number>;

/** Batches and their logs in MongoDB. Each write can be repeated, so that whoever takes a batch over goes on with it. */
@Injectable()
export class RetryBatchStore implements OnModuleInit {
  private readonly batches: Model<RetryBatch>;
  private readonly items: Model<RetryBatchItem>;
  private readonly rawItems: Collection<RetryBatchItem>;

  constructor(private readonly database: Database) {
    this.batches = database.model(RETRY_BATCHES);
    this.items = database.model(RETRY_BATCH_ITEMS);
    this.rawItems = database.collection(RETRY_BATCH_ITEMS);
  }

  async onModuleInit(): Promise<void> {
    await Promise.all([this.database.ensureIndexes(RETRY_BATCHES), this.database.ensureIndexes(RETRY_BATCH_ITEMS)]);
  }

  /** Answers whether it is new: a batch with the same id stays as it is. */
  async insert(batch: RetryBatch): Promise<boolean> {
    const known = await insertMissing(() => this.batches.insertMany([batch]));
    return known.size === 0;
  }

  async find(tenantId: TenantId, id: RetryBatchId): Promise<RetryBatch | null> {
    return this.batches.findOne({ _id: id, tenantId }).lean<RetryBatch>();
  }

  /** Newest first. */
  async list(
    tenantId: TenantId,
    after: Pick<RetryBatch, '_id' | 'createdAt'> | null,
    limit: number,
  ): Promise<RetryBatch[]> {
    const page = after
      ? { createdAt: { $lte: after.createdAt }, $nor: [{ createdAt: after.createdAt, _id: { $gte: after._id } }] }
      : {};
    return this.batches
      .find({ tenantId, ...page })
      .sort({ createdAt: -1, _id: -1 })
      .hint('newest_batch')
      .limit(limit)
      .lean<RetryBatch[]>();
  }

  /** Moves it to another state; `null` where it is in none of those. */
  async move(tenantId: TenantId, id: RetryBatchId, from: BatchState[], state: BatchState): Promise<RetryBatch | null> {
    return this.batches
      .findOneAndUpdate(
        { _id: id, tenantId, state: { $in: from } },
        { $set: { state, updatedAt: new Date() } },
        { returnDocument: 'after' },
      )
      .lean<RetryBatch>();
  }

  async findOpen(): Promise<Pick<RetryBatch, '_id'>[]> {
    return this.batches
      .find({ open: true }, { _id: 1 })
      .sort({ createdAt: 1 })
      .hint('open_batches')
      .limit(MAX_OPEN)
      .lean<Pick<RetryBatch, '_id'>[]>();
  }

  /** The batch as it is now, for as long as the lease lasts; `null` while another worker has it, or where it is done. */
  async lease(id: RetryBatchId, worker: string): Promise<RetryBatch | null> {
    const now = Date.now();
    return this.batches
      .findOneAndUpdate(
        { _id: id, open: true, $or: [{ leasedBy: worker }, { leasedUntil: { $lt: new Date(now) } }] },
        { $set: { leasedBy: worker, leasedUntil: new Date(now + LEASE_MS) } },
        { returnDocument: 'after' },
      )
      .lean<RetryBatch>();
  }

  async release(worker: string): Promise<void> {
    await this.batches.updateMany({ open: true, leasedBy: worker }, { $set: { leasedUntil: new Date(0) } });
  }

  async markCollected(id: RetryBatchId, integrationIds: readonly IntegrationId[]): Promise<void> {
    const collected = { collected: true, integrationIds: [...integrationIds], updatedAt: new Date() };
    await this.batches.updateOne({ _id: id }, { $set: collected });
  }

  /** Nothing is left to do for it: it is done, unless it was cancelled. */
  async finish(id: RetryBatchId): Promise<void> {
    const now = new Date();
    await this.batches.updateOne({ _id: id, state: 'running' }, { $set: { state: 'done', updatedAt: now } });
    const ended: BatchState[] = ['done', 'cancelled'];
    await this.batches.updateOne(
      { _id: id, state: { $in: ended } },
      { $unset: { open: '' }, $set: { finishedAt: now, leasedBy: null } },
    );
  }

  async addItems(items: readonly RetryBatchItem[]): Promise<void> {
    if (items.length > 0) await insertMissing(() => this.rawItems.insertMany([...items], { ordered: false }));
  }

  /** In the order of the logs' age. */
  async findItems(
    batchId: RetryBatchId,
    { outcome, after = '', limit }: { outcome?: BatchOutcome | undefined; after?: string; limit: number },
  ): Promise<RetryBatchItem[]> {
    return this.items
      .find({ batchId, ...(outcome ? { outcome } : {}), _id: { $gt: after } })
      .sort({ _id: 1 })
      .hint(outcome ? 'items_of_outcome' : 'items')
      .limit(limit)
      .lean<RetryBatchItem[]>();
  }

  async findWaiting(batchId: RetryBatchId, integrationId: IntegrationId, limit: number): Promise<RetryBatchItem[]> {
    // MongoDB takes a limit of 0 for none.
    if (limit === 0) return [];
    return this.items
      .find({ batchId, outcome: 'waiting', integrationId })
      .sort({ _id: 1 })
      .hint('items_of_integration')
      .limit(limit)
      .lean<RetryBatchItem[]>();
  }

  /** Answers those that were waiting still: of a cancellation and a worker one wins. */
  async claim(claims: readonly ItemClaim[]): Promise<ReadonlySet<string>> {
    const ids = claims.map(({ _id }) => _id);
    if (ids.length === 0) return new Set();
    const updatedAt = new Date();
    const claimed = await this.database.updateEach(
      RETRY_BATCH_ITEMS,
      claims.map(({ _id, ...claim }) => ({
        q: { _id, outcome: 'waiting' },
        u: { $set: { outcome: 'queued', ...claim, updatedAt } },
      })),
    );
    if (claimed === ids.length) return new Set(ids);
    const own = await this.rawItems.find({ _id: { $in: ids }, outcome: 'queued', updatedAt }).toArray();
    return new Set(own.map(({ _id }) => _id));
  }

  /** Of those that are as the caller has read them: another worker may have come in between. */
  async settle(from: BatchOutcome, changes: readonly ItemChange[]): Promise<void> {
    if (changes.length === 0) return;
    const updatedAt = new Date();
    await this.rawItems.bulkWrite(
      changes.map(({ _id, outcome, why }) => ({
        updateOne: { filter: { _id, outcome: from }, update: { $set: { outcome, why, updatedAt } } },
      })),
      { ordered: false },
    );
  }

  /** What vendors said of these logs goes; answers with the batches that they are in. */
  async forgetLogs(logIds: readonly LogId[]): Promise<RetryBatchId[]> {
    if (logIds.length === 0) return [];
    const which = { logId: { $in: [...logIds] } };
    await this.items.updateMany(which, { $set: { why: null } });
    const found = await this.items.find(which, { batchId: 1 }).lean<Pick<RetryBatchItem, 'batchId'>[]>();
    return [...new Set(found.map(({ batchId }) => batchId))];
  }

  /** Batches of none but these logs whose logs were named; those that were no longer FAILed then are in no item. */
  async ofNoneBut(tenantId: TenantId, logIds: readonly LogId[]): Promise<RetryBatchId[]> {
    const named = await this.batches
      .find(
        { tenantId, 'selection.logIds': { $in: [...logIds], $not: { $elemMatch: { $nin: [...logIds] } } } },
        { _id: 1 },
      )
      .hint('newest_batch')
      .lean<Pick<RetryBatch, '_id'>[]>();
    return named.map(({ _id }) => _id);
  }

  async hasOthers(batchId: RetryBatchId, logIds: readonly LogId[]): Promise<boolean> {
    return (await this.items.exists({ batchId, logId: { $nin: [...logIds] } })) !== null;
  }

  /** What a person wrote when starting it, and by which search the logs were chosen, if that is to go too. */
  async forgetWords(_id: RetryBatchId, { withSearch }: { withSearch: boolean }): Promise<void> {
    const selection: BatchSelection = { kind: 'erased' };
    await this.batches.updateOne(
      { _id, 'selection.kind': { $ne: 'schedule' } },
      { $set: { reason: '', ...(withSearch ? { selection } : {}) } },
    );
  }

  async cancelWaiting(batchId: RetryBatchId): Promise<void> {
    await this.items.updateMany(
      { batchId, outcome: 'waiting' },
      { $set: { outcome: 'cancelled', updatedAt: new Date() } },
      { hint: 'items_of_outcome' },
    );
  }

  async countOutcomes(batchId: RetryBatchId): Promise<OutcomeCounts> {
    const counts = await Promise.all(
      BATCH_OUTCOMES.map((outcome) => this.rawItems.countDocuments({ batchId, outcome }, { hint: 'items_of_outcome' })),
    );
    const [waiting = 0, queued = 0, succeeded = 0, failed = 0, skipped = 0, cancelled = 0] = counts;
    return { waiting, queued, succeeded, failed, skipped, cancelled };
  }

  /** Whether so many of an integration's were queued and have not been seen to end. */
  async hasUnderWay(batchId: RetryBatchId, integrationId: IntegrationId, limit: number): Promise<boolean> {
    const queued = { batchId, outcome: 'queued', integrationId } as const;
    return (await this.rawItems.countDocuments(queued, { hint: 'items_of_integration', limit })) === limit;
  }

  async hasItems(batchId: RetryBatchId, outcome: BatchOutcome): Promise<boolean> {
    return (await this.findItems(batchId, { outcome, limit: 1 })).length > 0;
  }
}
