import { Injectable } from '@nestjs/common';
import { asLogId, retryBatchIdOf, type RetryBatchId, retryBatchIdFor, type TenantId } from '../../common/ids.js';
import type { Integration } from '../../integrations/integration.js';
import type { RetrySchedule } from '../../integrations/retry-schedule.js';
import { type LogGroup, LogWalk } from '../../logging/log-walk.js';
import { type TryOwner, TryOwners } from '../../scheduling/try-owners.js';
import { BatchEndedError } from './batch-ended.error.js';
import { confirmationOf, readConfirmation } from './batch-confirmation.js';
import { checkFilter, fingerprintOf, planOfSelection, type WantedSelection } from './batch-selection.js';
import { BatchSizeError } from './batch-size.error.js';
import { BatchUnknownError } from './batch-unknown.error.js';
import type { BatchSelection, BatchState, RetryBatch } from './retry-batch.js';
import { RetryBatchStore } from './retry-batch.store.js';

const MAX_BATCH_LOGS = 100_000;
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
    private readonly owners: TryOwners,
  ) {}

  /** @throws RequestInvalidError */
  async preview(tenantId: TenantId, wanted: WantedSelection): Promise<BatchPreview> {
    const selection = selectionOf(wanted);
    const previewedAt = new Date();
    const plan = planOfSelection(tenantId, selection, previewedAt);
    const groups = await this.walk.groups(plan, MAX_BATCH_LOGS + 1);
    const count = groups.reduce((sum, group) => sum + group.count, 0);
    const oldest = Math.min(...groups.map(({ oldestAt }) => oldestAt.getTime()));
    return {
      groups,
      count,
      oldestAt: count === 0 ? null : new Date(oldest),
      warnings: await this.warningsOf(groups, count, selection),
      confirm: confirmationOf({ previewedAt, count, fingerprint: fingerprintOf(tenantId, selection) }),
    };
  }

  /**
   * Starts what was previewed: logs that FAILed after the preview are not part of it. The same confirmation makes the same
   * batch, however often it is sent.
   * @throws RequestInvalidError, BatchNotConfirmedError or BatchSizeError
   */
  async start(tenantId: TenantId, { confirm, reason, requestedBy, ratePerSecond, ...wanted }: WantedBatch) {
    const selection = selectionOf(wanted);
    const { previewedAt, count, fingerprint } = readConfirmation(confirm, fingerprintOf(tenantId, selection));
    if (count === 0 || count > MAX_BATCH_LOGS) throw new BatchSizeError(count, MAX_BATCH_LOGS);
    const _id = retryBatchIdOf(`${fingerprint} ${previewedAt.toISOString()}`);
    const ordered = { selection, failedBefore: previewedAt, limit: count, reason, requestedBy, ratePerSecond };
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

  private async warningsOf(groups: readonly LogGroup[], count: number, selection: BatchSelection): Promise<string[]> {
    const names = new Map(groups.map(({ integrationId, integrationName }) => [integrationId, integrationName]));
    const ofIntegrations = await Promise.all(
      [...names].map(async ([id, name]) => ofOwner(name, id && (await this.owners.find(id)))),
    );
    const unknown = groups
      .filter(({ errorClass }) => errorClass === 'unknown')
      .reduce((sum, one) => sum + one.count, 0);
    const left = selection.kind === 'ids' ? selection.logIds.length - count : 0;
    return [
      ...(count > MAX_BATCH_LOGS ? [`More than ${MAX_BATCH_LOGS} logs: too many for one batch`] : []),
      ...(left > 0
        ? [`${left} of the logs cannot be retried: they have not FAILed, are resolved, or are not there`]
        : []),
      ...ofIntegrations.flat(),
      ...(unknown > 0 ? [`Of ${unknown} logs nobody knows whether the vendor took the last try`] : []),
    ];
  }
}

function ofOwner(name: string, owner: TryOwner | null): string[] {
  if (!owner) return [`"${name}" was deleted: its logs are skipped`];
  if (!owner.enabled) return [`"${name}" is disabled: its logs are skipped until it is enabled`];
  return owner.pause ? [`"${name}" is paused: its logs wait until it is resumed`] : [];
}

function selectionOf({ filter, logIds }: WantedSelection): BatchSelection {
  if (logIds) return { kind: 'ids', logIds: [...new Set(logIds)].toSorted().map(asLogId) };
  checkFilter(filter ?? {});
  return { kind: 'filter', filterJson: JSON.stringify(filter) };
}

type Ordered = Pick<
  RetryBatch,
  '_id' | 'tenantId' | 'selection' | 'failedBefore' | 'limit' | 'reason' | 'requestedBy' | 'ratePerSecond'
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
