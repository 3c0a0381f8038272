import { Injectable } from '@nestjs/common';
import { type IntegrationId, isSourceId, type LogId, replayLogIdFor } from '../../common/ids.js';
import { type LogState, LogWalk } from '../../logging/log-walk.js';
import { DeliveryQueue, type DueTry } from '../../scheduling/delivery-queue.js';
import { TryOwners } from '../../scheduling/try-owners.js';
import { planOfSelection } from './batch-selection.js';
import { BatchTries } from './batch-tries.js';
import { endOf, obstacleOf, workedOnLogOf } from './batch-verdicts.js';
import type { RetryBatch, RetryBatchItem } from './retry-batch.js';
import { type ItemChange, RetryBatchStore } from './retry-batch.store.js';

/** Logs whose retries one look checks. */
const SETTLE_PAGE = 500;
/** Of one integration: what waits of them in MongoDB is stepped over whenever live ones are brought from there. */
const MAX_UNDER_WAY = 500;
/** Of one integration at a time: requests are read, and written, whole, while the lease goes on. */
const MAX_REPLAYS = 50;

/** One worker's turn at a batch that it has the lease of. Everything that it does can be done again by the next one. */
@Injectable()
export class BatchTurn {
  constructor(
    private readonly batches: RetryBatchStore,
    private readonly walk: LogWalk,
    private readonly tries: BatchTries,
    private readonly queue: DeliveryQueue,
    private readonly owners: TryOwners,
  ) {}

  /** Writes down which logs belong to it, a page with each step; from the start again where a worker died at it. */
  async *collect(batch: RetryBatch): AsyncGenerator<void> {
    const { _id, tenantId, limit } = batch;
    const integrationIds = new Set<IntegrationId>();
    for await (const logs of this.walk.oldestFirst(planOfSelection(tenantId, batch), limit)) {
      const items = logs.flatMap((log) =>
        log.integrationId ? [itemOf({ batchId: _id, tenantId, ...log, integrationId: log.integrationId })] : [],
      );
      await this.batches.addItems(items);
      for (const { integrationId } of items) integrationIds.add(integrationId);
      yield;
    }
    await this.batches.markCollected(_id, [...integrationIds]);
  }

  /** Queues at most so many of its logs, as far as their integrations have slots to spare. Answers how many. */
  async queueSome(batch: RetryBatch, most: number): Promise<number> {
    let queued = 0;
    // Not always the same one first: the rate is shared.
    const from = Math.floor(Math.random() * batch.integrationIds.length);
    const ids = [...batch.integrationIds.slice(from), ...batch.integrationIds.slice(0, from)];
    for (const integrationId of ids) {
      if (queued >= most) break;
      const owner = await this.owners.find(integrationId);
      const its = isSourceId(integrationId) ? 'its source' : 'its integration';
      const skipped = !owner ? `${its} was deleted` : owner.enabled ? null : `${its} is disabled`;
      const room = skipped === null ? await this.roomFor(batch, integrationId) : SETTLE_PAGE;
      const items = await this.batches.findWaiting(batch._id, integrationId, Math.min(room, most - queued));
      if (skipped !== null)
        await this.batches.settle(
          'waiting',
          items.map(({ _id }) => ({ _id, outcome: 'skipped', why: skipped })),
        );
      else await this.queueItems(batch, integrationId, items);
      queued += items.length;
    }
    return queued;
  }

  /** Sees what has become of those that were queued, from one page of them to the next. Answers where to go on. */
  async settle(batch: RetryBatch, after: string): Promise<string> {
    const items = await this.batches.findItems(batch._id, { outcome: 'queued', after, limit: SETTLE_PAGE });
    const logs = await this.walk.states(batch.tenantId, items.map(workedOnLogOf));
    const ends = items.flatMap((item) => endOf(item, logs.get(workedOnLogOf(item))));
    await this.batches.settle('queued', ends);
    const failed = new Set(ends.filter(({ outcome }) => outcome === 'failed').map(({ _id }) => _id));
    await this.forgetErased(
      batch,
      items.filter(({ _id }) => failed.has(_id)),
    );
    return items.length === SETTLE_PAGE ? (items.at(-1)?._id ?? '') : '';
  }

  /** What was just written of logs that were erased meanwhile. */
  private async forgetErased(batch: RetryBatch, items: readonly RetryBatchItem[]): Promise<void> {
    const logs = items.length === 0 ? [] : [...(await this.statesOf(batch, items)).values()];
    await this.batches.forgetLogs(logs.flatMap(({ _id, erasedAt }) => (erasedAt ? [_id] : [])));
  }

  private async roomFor({ _id, replays }: RetryBatch, integrationId: IntegrationId): Promise<number> {
    if (await this.batches.hasUnderWay(_id, integrationId, MAX_UNDER_WAY)) return 0;
    const spare = await this.queue.spareSlots(integrationId);
    return replays ? Math.min(spare, MAX_REPLAYS) : spare;
  }

  private async queueItems(batch: RetryBatch, integrationId: IntegrationId, items: readonly RetryBatchItem[]) {
    const logs = await this.statesOf(batch, items);
    const { able, skipped } = sorted(batch, items, logs);
    const claims = able.map(({ item: { _id }, log: { _id: logId, attemptCount: fromAttempt } }) =>
      batch.replays ? { _id, fromAttempt, replayLogId: replayLogIdFor(batch._id, logId) } : { _id, fromAttempt },
    );
    const claimed = await this.batches.claim(claims);
    const own = able.filter(({ item }) => claimed.has(item._id));
    const { tries, refused } = await this.tries.make(
      batch,
      own.map(({ log }) => log),
    );
    const overtaken = own.flatMap(({ item }) => (tries.has(item.logId) || refused.has(item.logId) ? [] : [item]));
    await this.batches.settle('waiting', skipped);
    await this.batches.settle('queued', [
      ...refusalsOf(items, refused),
      ...(await this.whyOvertaken(batch, overtaken)),
    ]);
    const dueAt = new Date();
    const due = [...tries.values()].map((one): DueTry => ({ ...one, integrationId, dueAt }));
    await this.queue.addYielding(integrationId, due);
  }

  /** Of logs that somebody else moved since they were read. */
  private async whyOvertaken(batch: RetryBatch, items: readonly RetryBatchItem[]): Promise<ItemChange[]> {
    if (items.length === 0) return [];
    const { able, skipped } = sorted(batch, items, await this.statesOf(batch, items));
    const why = 'somebody else has just retried it, and it has FAILed again';
    return [...skipped, ...able.map(({ item: { _id } }) => ({ _id, outcome: 'skipped' as const, why }))];
  }

  private statesOf({ tenantId }: RetryBatch, items: readonly RetryBatchItem[]): Promise<Map<LogId, LogState>> {
    return this.walk.states(
      tenantId,
      items.map(({ logId }) => logId),
    );
  }
}

const refusalsOf = (items: readonly RetryBatchItem[], refused: ReadonlyMap<LogId, string>): ItemChange[] =>
  items.flatMap(({ _id, logId }) => {
    const why = refused.get(logId);
    return why === undefined ? [] : [{ _id, outcome: 'skipped', why }];
  });

/** Those that can be worked on, and what becomes of the others. */
function sorted(batch: RetryBatch, items: readonly RetryBatchItem[], logs: ReadonlyMap<LogId, LogState>) {
  const able: { item: RetryBatchItem; log: LogState }[] = [];
  const skipped: ItemChange[] = [];
  for (const item of items) {
    const log = logs.get(item.logId);
    const why = obstacleOf(batch, log);
    if (log && why === null) able.push({ item, log });
    else skipped.push({ _id: item._id, outcome: 'skipped', why });
  }
  return { able, skipped };
}

const itemOf = ({
  batchId,
  tenantId,
  _id: logId,
  createdAt,
  integrationId,
}: Pick<RetryBatchItem, 'batchId' | 'tenantId' | 'integrationId'> &
  Pick<LogState, '_id' | 'createdAt'>): RetryBatchItem => ({
  _id: `${batchId}-${String(createdAt.getTime()).padStart(13, '0')}-${logId}`,
  batchId,
  tenantId,
  logId,
  integrationId,
  outcome: 'waiting',
  fromAttempt: null,
  why: null,
  updatedAt: new Date(),
});
