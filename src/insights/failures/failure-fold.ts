import type { ErrorClass } from '../../common/error-class.js';
import { failureGroupIdFor } from '../../common/ids.js';
import { stepOf } from '../rollup-step.js';
import type { LogRange, SpanLog } from '../span-reader.js';
import type { FailureKind } from './failure-group.collection.js';
import type { FailureSlice } from './failure-slice.collection.js';
import { addToSlice, sliceIdOf } from './failure-slice.js';
import { messagePatternOf } from './message-pattern.js';

/** Different patterns of five minutes. What a vendor says in ever new words must not make a group for each failure. */
const MAX_PATTERNS = 200;
const OTHER_PATTERN = '(other messages)';

/** A failure, as far as its group is told by it. */
type GroupedFailure = Pick<FailureKind, 'tenantId' | 'integrationId' | 'errorClass'> & Pick<SpanLog, 'errorMessage'>;

export const failureGroupIdOf = ({ tenantId, integrationId, errorClass, errorMessage }: GroupedFailure) =>
  failureGroupIdFor(tenantId, integrationId, errorClass, messagePatternOf(errorMessage ?? ''));

/** Sorts the failures of a range into groups and slices of five minutes. The same logs give the same slices. */
export class FailureFold {
  private readonly kinds = new Map<string, FailureKind>();
  /** By the begin of the five minutes. */
  private readonly patterns = new Map<number, Set<string>>();
  private readonly found = new Map<string, FailureSlice>();

  constructor(private readonly range: Pick<LogRange, 'tenantId' | 'integrationId'>) {}

  add(log: SpanLog): void {
    const { status, errorClass, createdAt, completedAt } = log;
    if (status !== 'FAIL' || errorClass === null) return;
    const { _id: groupId } = this.kindOf(log, errorClass);
    const place = { ...this.range, groupId, step: '5m', at: stepOf('5m', createdAt) } as const;
    const failedAt = completedAt ?? createdAt;
    const one = { count: 1, firstAt: failedAt, lastAt: failedAt, samples: [{ logId: log._id, at: failedAt }] };
    addToSlice(this.found, { _id: sliceIdOf(place), ...place, ...one });
  }

  groups(): FailureKind[] {
    return [...this.kinds.values()];
  }

  slices(): FailureSlice[] {
    return [...this.found.values()];
  }

  private kindOf(log: SpanLog, errorClass: ErrorClass): FailureKind {
    const { tenantId, integrationId } = this.range;
    const own = messagePatternOf(log.errorMessage ?? '');
    const ownId = failureGroupIdOf({ ...this.range, errorClass, errorMessage: log.errorMessage });
    const isOther = !this.takes(stepOf('5m', log.createdAt).getTime(), ownId);
    const pattern = isOther ? OTHER_PATTERN : own;
    const _id = isOther ? failureGroupIdFor(tenantId, integrationId, errorClass, pattern) : ownId;
    const { integrationName, vendor, errorCode } = log;
    const kind = this.kinds.get(_id) ?? {
      _id,
      tenantId,
      integrationId,
      integrationName,
      vendor,
      errorClass,
      errorCode,
      pattern,
    };
    this.kinds.set(_id, kind);
    return kind;
  }

  private takes(step: number, groupId: string): boolean {
    const known = this.patterns.get(step) ?? new Set();
    if (!known.has(groupId) && known.size >= MAX_PATTERNS) return false;
    this.patterns.set(step, known.add(groupId));
    return true;
  }
}
