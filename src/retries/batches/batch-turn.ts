import { Injectable } from '@nestjs/common';
import { type IntegrationId, isSourceId, type LogId } from '../../common/ids.js';
import { type LogState, LogWalk } from '../../logging/log-walk.js';
import { DeliveryQueue, type DueTry } from '../../scheduling/delivery-queue.js';
import { TryOwners } from '../../scheduling/try-owners.js';
import { RetryService } from '../retry.service.js';
import { planOfSelection } from './batch-selection.js';
import type { RetryBatch, RetryBatchItem } from './retry-batch.js';
import { type ItemChange, RetryBatchStore } from './retry-batch.store.js';

/** Logs whose retries one look checks. */
const SETTLE_PAGE = 500;
/** Of one integration: what waits of them in MongoDB is stepped over whenever live ones are brought from there. */
const MAX_UNDER_WAY = 500;

/** One worker's turn at a batch that it has the lease of. Everything that it does can be done again by the next one. */
@Injectable()
export class BatchTurn {
  constructor(
    private readonly batches: RetryBatchStore,
    private readonly walk: LogWalk,
    private readonly retries: RetryService,
    private readonly queue: DeliveryQueue,
    private readonly owners: TryOwners,
  ) {}

  /** Writes down which logs belong to it, a page with each step; from the start again where a worker died at it. */
  async *collect({ _id, tenantId, selection, failedBefore, limit }: RetryBatch): AsyncGenerator<void> {
    const integrationIds = new Set<IntegrationId>();
    for await (const logs of this.walk.oldestFirst(planOfSelection(tenantId, selection, failedBefore), limit)) {
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
    const logs = await this.statesOf(batch, items);
    const ends = items.flatMap((item) => endOf(item, logs.get(item.logId)));
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

  private async roomFor({ _id }: RetryBatch, integrationId: IntegrationId): Promise<number> {
    if (await this.batches.hasUnderWay(_id, integrationId, MAX_UNDER_WAY)) return 0;
    return this.queue.spareSlots(integrationId);
  }

  private async queueItems(batch: RetryBatch, integrationId: IntegrationId, items: readonly RetryBatchItem[]) {
    const logs = await this.statesOf(batch, items);
    const { able, skipped } = sorted(batch, items, logs);
    const claims = able.map(({ item: { _id }, log }) => ({ _id, fromAttempt: log.attemptCount }));
    const claimed = await this.batches.claim(claims);
    const own = able.filter(({ item }) => claimed.has(item._id));
    const { tenantId, requestedBy, reason, _id: batchId } = batch;
    const wanted = { requestedBy, reason, batchId };
    const queued = await this.retries.retryOfBatch(
      tenantId,
      own.map(({ log }) => log),
      wanted,
    );
    const overtaken = own.flatMap(({ item }) => (queued.has(item.logId) ? [] : [item]));
    await this.batches.settle('waiting', skipped);
    await this.batches.settle('queued', await this.whyOvertaken(batch, overtaken));
    const dueAt = new Date();
    const tries = own.flatMap(({ log: { _id: logId, attemptCount } }): DueTry[] =>
      queued.has(logId) ? [{ logId, integrationId, attempt: attemptCount + 1, dueAt }] : [],
    );
    await this.queue.addYielding(integrationId, tries);
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

/** Those that can be retried, and what becomes of the others. */
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

/** Why there is nothing to retry any more; `null` where there is. */
function obstacleOf({ failedBefore }: RetryBatch, log: LogState | undefined): string | null {
  if (!log) return 'the log is gone';
  if (log.erasedAt) return 'the person whom it was about was erased';
  if (log.status !== 'FAIL') return `it is ${log.status}`;
  if (log.resolution) return `it was resolved by ${log.resolution.by}`;
  return log.completedAt && log.completedAt > failedBefore ? 'it has FAILed again since the preview' : null;
}

function endOf({ _id, fromAttempt }: RetryBatchItem, log: LogState | undefined): ItemChange[] {
  if (!log) return [{ _id, outcome: 'skipped', why: 'the log is gone' }];
  const { status, attemptCount, errorCode, errorMessage } = log;
  if (status === 'QUEUED') return [];
  if (status === 'SUCCESS') return [{ _id, outcome: 'succeeded', why: null }];
  // A worker that died between the two writes has not put the log back to QUEUED.
  if (attemptCount === fromAttempt) return [{ _id, outcome: 'waiting', why: null }];
  return [{ _id, outcome: 'failed', why: `${errorCode ?? 'FAIL'}: ${errorMessage ?? ''}` }];
}
