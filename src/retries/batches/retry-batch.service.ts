import { Injectable } from '@nestjs/common';
import { asLogId, retryBatchIdOf, type RetryBatchId, retryBatchIdFor, type TenantId } from '../../common/ids.js';
import type { Integration } from '../../integrations/integration.js';
import type { RetrySchedule } from '../../integrations/retry-schedule.js';
import { type LogGroup, LogWalk } from '../../logging/log-walk.js';
import { isWebhook } from '../../logging/received/webhook-logs.js';
import { NotReplayableError } from '../not-replayable.error.js';
import { BatchEndedError } from './batch-ended.error.js';
import { confirmationOf, readConfirmation } from './batch-confirmation.js';
import {
  checkFilter,
  checkFindsWebhooks,
  type Chosen,
  fingerprintOf,
  planOfSelection,
  type WantedSelection,
} from './batch-selection.js';
import { BatchSizeError } from './batch-size.error.js';
import { BatchUnknownError } from './batch-unknown.error.js';
import { BatchWarnings, MAX_BATCH_LOGS } from './batch-warnings.js';
import type { BatchSelection, BatchState, RetryBatch } from './retry-batch.js';
import { RetryBatchStore } from './retry-batch.store.js';

export const DEFAULT_RATE = 50;

export interface BatchPreview {
  readonly groups: readonly LogGroup[];
  readonly count: number;
  readonly oldestAt: Date | null;
  readonly warnings: readonly string[];
  /** What a person confirms the batch with. */
  readonly confirm: string;
}

export interface WantedBatch extends WantedSelection {
  readonly confirm: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly ratePerSecond: number;
}

/** Retries of many logs: first what they would be, then the batch, which a worker goes through. */
@Injectable()
export class RetryBatchService {
  constructor(
    private readonly batches: RetryBatchStore,
    private readonly walk: LogWalk,
    private readonly warnings: BatchWarnings,
  ) {}

  /** @throws RequestInvalidError, or NotReplayableError where a delivery is among those that are to be replayed */
  async preview(tenantId: TenantId, wanted: WantedSelection): Promise<BatchPreview> {
    const chosen = chosenOf(wanted);
    await this.requireNoDelivery(tenantId, chosen);
    const previewedAt = new Date();
    const plan = planOfSelection(tenantId, { ...chosen, failedBefore: previewedAt });
    const groups = await this.walk.groups(plan, MAX_BATCH_LOGS + 1);
    const count = groups.reduce((sum, group) => sum + group.count, 0);
    const oldest = Math.min(...groups.map(({ oldestAt }) => oldestAt.getTime()));
    return {
      groups,
      count,
      oldestAt: count === 0 ? null : new Date(oldest),
      warnings: await this.warnings.of(tenantId, chosen, groups),
      confirm: confirmationOf({ previewedAt, count, fingerprint: fingerprintOf(tenantId, chosen) }),
    };
  }

  /**
   * Starts what was previewed: logs that ended after the preview are not part of it. The same confirmation makes the same
   * batch, however often it is sent.
   * @throws RequestInvalidError, BatchNotConfirmedError or BatchSizeError
   */
  async start(tenantId: TenantId, { confirm, reason, requestedBy, ratePerSecond, ...wanted }: WantedBatch) {
    const chosen = chosenOf(wanted);
    const { previewedAt, count, fingerprint } = readConfirmation(confirm, fingerprintOf(tenantId, chosen));
    if (count === 0 || count > MAX_BATCH_LOGS) throw new BatchSizeError(count, MAX_BATCH_LOGS);
    const _id = retryBatchIdOf(`${fingerprint} ${previewedAt.toISOString()}`);
    const ordered = { ...chosen, failedBefore: previewedAt, limit: count, reason, requestedBy, ratePerSecond };
    await this.batches.insert(aBatch({ _id, tenantId, ...ordered }));
    return this.get(tenantId, _id);
  }

  /** The batch of one run of a schedule; whoever comes second changes nothing. */
  async startScheduled({ _id, tenantId, name }: Integration, schedule: RetrySchedule, dueAt: Date): Promise<boolean> {
    const { classes, limitPerRun: limit, cron, timeZone } = schedule;
    const selection: BatchSelection = { kind: 'schedule', integrationId: _id, classes };
    const reason = `Scheduled retry of "${name}" (${cron}, ${timeZone})`;
    const ordered = { selection, failedBefore: new Date(), limit, reason, requestedBy: 'schedule' };
    const batchId = retryBatchIdFor(_id, dueAt);
    return this.batches.insert(aBatch({ _id: batchId, tenantId, ...ordered, ratePerSecond: DEFAULT_RATE }));
  }

  /** @throws BatchUnknownError */
  async get(tenantId: TenantId, id: RetryBatchId): Promise<RetryBatch> {
    const batch = await this.batches.find(tenantId, id);
    if (!batch) throw new BatchUnknownError(id);
    return batch;
  }

  /** No further log is queued until it is resumed. @throws BatchUnknownError or BatchEndedError */
  pause(tenantId: TenantId, id: RetryBatchId): Promise<RetryBatch> {
    return this.move(tenantId, id, ['running', 'paused'], 'paused');
  }

  /** @throws BatchUnknownError or BatchEndedError */
  resume(tenantId: TenantId, id: RetryBatchId): Promise<RetryBatch> {
    return this.move(tenantId, id, ['running', 'paused'], 'running');
  }

  /** No further log is queued; those that are queued already end by themselves. @throws BatchUnknownError or BatchEndedError */
  cancel(tenantId: TenantId, id: RetryBatchId): Promise<RetryBatch> {
    return this.move(tenantId, id, ['running', 'paused', 'cancelled'], 'cancelled');
  }

  private async move(tenantId: TenantId, id: RetryBatchId, from: BatchState[], to: BatchState): Promise<RetryBatch> {
    const moved = await this.batches.move(tenantId, id, from, to);
    if (!moved) throw new BatchEndedError(await this.get(tenantId, id), to);
    return moved;
  }

  /** Of ids, whoever named them may not know what they are of. */
  private async requireNoDelivery(tenantId: TenantId, { selection, replays }: Chosen): Promise<void> {
    if (!replays || selection.kind !== 'ids') return;
    const states = await this.walk.states(tenantId, selection.logIds);
    const delivery = [...states.values()].find((log) => !isWebhook(log));
    if (delivery) throw new NotReplayableError(delivery, 'it is not of a webhook');
  }
}

function chosenOf({ status, ...wanted }: WantedSelection): Chosen {
  const selection = selectionOf(wanted);
  if (status !== 'SUCCESS') return { selection };
  if (wanted.filter && selection.kind === 'filter') checkFindsWebhooks(wanted.filter);
  return { selection, replays: true };
}

function selectionOf({ filter, logIds }: Omit<WantedSelection, 'status'>): BatchSelection {
  if (logIds) return { kind: 'ids', logIds: [...new Set(logIds)].toSorted().map(asLogId) };
  checkFilter(filter ?? {});
  return { kind: 'filter', filterJson: JSON.stringify(filter) };
}

type Ordered = Pick<
  RetryBatch,
  '_id' | 'tenantId' | 'selection' | 'replays' | 'failedBefore' | 'limit' | 'reason' | 'requestedBy' | 'ratePerSecond'
>;

function aBatch(ordered: Ordered): RetryBatch {
  const now = new Date();
  return {
    ...ordered,
    state: 'running',
    open: true,
    collected: false,
    integrationIds: [],
    createdAt: now,
    updatedAt: now,
    finishedAt: null,
    leasedBy: null,
    leasedUntil: new Date(0),
  };
}
