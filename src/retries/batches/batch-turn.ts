import { Injectable } from '@nestjs/common';
import { type IntegrationId, isSourceId } from '../../common/ids.js';
import { WaybillError } from '../../common/waybill.error.js';
import { type LogState, LogWalk } from '../../logging/log-walk.js';
import { DeliveryQueue, type DueTry } from '../../scheduling/delivery-queue.js';
import { TryOwners } from '../../scheduling/try-owners.js';
import { RetryService } from '../retry.service.js';
import { planOfSelection } from './batch-selection.js';
import type { RetryBatch, RetryBatchItem } from './retry-batch.js';
import { type ItemChange, LEASE_MS, RetryBatchStore } from './retry-batch.store.js';

/** Logs whose retries one look checks. */
const SETTLE_PAGE = 500;

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

  /** Writes down which logs belong to it; from the start again where a worker died at it. */
  async collect({ _id, tenantId, selection, failedBefore, limit }: RetryBatch, worker: string): Promise<void> {
    const integrationIds = new Set<IntegrationId>();
    let leasedAt = Date.now();
    for await (const logs of this.walk.oldestFirst(planOfSelection(tenantId, selection, failedBefore), limit)) {
      const items = logs.flatMap((log) =>
        log.integrationId ? [itemOf({ batchId: _id, tenantId, ...log, integrationId: log.integrationId })] : [],
      );
      await this.batches.addItems(items);
      for (const { integrationId } of items) integrationIds.add(integrationId);
      if (Date.now() - leasedAt < LEASE_MS / 3) continue;
      leasedAt = Date.now();
      if (!(await this.batches.lease(_id, worker))) return;
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
      const room = skipped === null ? await this.queue.spareSlots(integrationId) : SETTLE_PAGE;
      const items = await this.batches.findWaiting(batch._id, integrationId, Math.min(room, most - queued));
      if (skipped !== null)
        await this.batches.settle(items.map(({ _id }) => ({ _id, outcome: 'skipped', why: skipped })));
      else await this.queueItems(batch, integrationId, items);
      queued += items.length;
    }
    return queued;
  }

  /** Sees what has become of those that were queued, from one page of them to the next. Answers where to go on. */
  async settle(batch: RetryBatch, after: string): Promise<string> {
    const items = await this.batches.findItems(batch._id, { outcome: 'queued', after, limit: SETTLE_PAGE });
    const logs = await this.walk.states(
      batch.tenantId,
      items.map(({ logId }) => logId),
    );
    await this.batches.settle(items.flatMap((item) => endOf(item, logs.get(item.logId))));
    return items.length === SETTLE_PAGE ? (items.at(-1)?._id ?? '') : '';
  }

  private async queueItems(batch: RetryBatch, integrationId: IntegrationId, items: readonly RetryBatchItem[]) {
    const logs = await this.walk.states(
      batch.tenantId,
      items.map(({ logId }) => logId),
    );
    const tries = await Promise.all(items.map((item) => this.queueItem(batch, item, logs.get(item.logId))));
    await this.queue.addYielding(integrationId, tries.flat());
  }

  private async queueItem(batch: RetryBatch, item: RetryBatchItem, log: LogState | undefined): Promise<DueTry[]> {
    const obstacle = obstacleOf(batch, log);
    if (!log || obstacle !== null) {
      await this.batches.settle([{ _id: item._id, outcome: 'skipped', why: obstacle }]);
      return [];
    }
    if (!(await this.batches.claim(item, log.attemptCount))) return [];
    try {
      const { requestedBy, reason, _id: batchId } = batch;
      const { attemptCount } = await this.retries.retryOfBatch(
        { ...log, firstAttempt: null },
        { requestedBy, reason, batchId },
      );
      const { logId, integrationId } = item;
      return [{ logId, integrationId, attempt: attemptCount + 1, dueAt: new Date() }];
    } catch (error) {
      if (!(error instanceof WaybillError) || error.stage !== 'retry') throw error;
      await this.batches.settle([{ _id: item._id, outcome: 'skipped', why: error.message }]);
      return [];
    }
  }
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
