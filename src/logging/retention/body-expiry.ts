import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { asLogId, type LogId, type TenantId } from '../../common/ids.js';
import { daysAfter } from '../../security/tenants/retention.js';
import { Database } from '../../storage/database.js';
import type { AttemptDocument, IntegrationLog } from '../integration-log.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from '../integration-log.collection.js';
import { bodiesProjection, removalOf, type TriedBodies } from './captured-removal.js';
import { RETENTION_PROGRESS, type RetentionProgress } from './retention-progress.collection.js';

const PAGE_SIZE = 500;
/** Logs with tries that were made long after the log was, are looked at again after so many days. */
const LATE_DAYS = 1;
/** Sorts behind every id. */
const LAST_ID = asLogId('~');

type Row = Pick<IntegrationLog, '_id' | 'status' | 'createdAt'> & { firstAttempt?: TriedBodies | null };
type FurtherTry = Pick<AttemptDocument, '_id' | 'logId'> & TriedBodies;

const ROW_FIELDS = { status: 1, createdAt: 1, ...bodiesProjection('firstAttempt.') };

/**
 * Removes the bodies that stand in rows, from the newest that is past its time to where the last walk began. A log whose
 * tries are younger than itself is marked and looked at again: an index has these few only.
 */
@Injectable()
export class BodyExpiry {
  private readonly logs: Collection<IntegrationLog>;
  private readonly attempts: Collection<AttemptDocument>;
  private readonly progress: Collection<RetentionProgress>;

  constructor(private readonly database: Database) {
    this.logs = database.collection(INTEGRATION_LOGS);
    this.attempts = database.collection(INTEGRATION_ATTEMPTS);
    this.progress = database.collection(RETENTION_PROGRESS);
  }

  /** Answers with how many logs were looked at. Broken off, it goes on where it was. */
  async remove(progress: RetentionProgress, cutoff: Date, stopping: AbortSignal): Promise<number> {
    const late = await this.removeLate(progress._id, cutoff, stopping);
    return late + (await this.walk(progress, cutoff, stopping));
  }

  private async walk({ _id, bodiesUntil, walk }: RetentionProgress, cutoff: Date, stopping: AbortSignal) {
    const to = walk?.to ?? cutoff;
    let place = walk ?? { to, createdAt: to, id: LAST_ID };
    let count = 0;
    if (to <= bodiesUntil) return count;
    while (!stopping.aborted) {
      const rows = await this.page(_id, bodiesUntil, place);
      await this.removeFrom(rows, cutoff);
      count += rows.length;
      const last = rows.at(-1);
      if (!last) {
        await this.progress.updateOne({ _id }, { $set: { bodiesUntil: to, walk: null } });
        return count;
      }
      place = { to, createdAt: last.createdAt, id: last._id };
      await this.progress.updateOne({ _id }, { $set: { walk: place } });
    }
    return count;
  }

  private async page(
    tenantId: TenantId,
    from: Date,
    { createdAt, id }: { createdAt: Date; id: LogId },
  ): Promise<Row[]> {
    return this.logs
      .find({ tenantId, createdAt: { $gte: from, $lte: createdAt }, $nor: [{ createdAt, _id: { $gte: id } }] })
      .project<Row>(ROW_FIELDS)
      .sort({ createdAt: -1, _id: -1 })
      .hint('newest')
      .limit(PAGE_SIZE)
      .toArray();
  }

  private async removeLate(tenantId: TenantId, cutoff: Date, stopping: AbortSignal): Promise<number> {
    let count = 0;
    while (!stopping.aborted) {
      const rows = await this.logs
        .find({ tenantId, bodiesDueAt: { $lte: new Date() } })
        .project<Row>(ROW_FIELDS)
        .hint('late_bodies')
        .limit(PAGE_SIZE)
        .toArray();
      await this.removeFrom(rows, cutoff);
      count += rows.length;
      if (rows.length < PAGE_SIZE) break;
    }
    return count;
  }

  private async removeFrom(rows: readonly Row[], cutoff: Date): Promise<void> {
    if (rows.length === 0) return;
    const now = new Date();
    const further = await this.attempts
      .find({ logId: { $in: rows.map(({ _id }) => _id) } })
      .project<FurtherTry>({ logId: 1, ...bodiesProjection() })
      .hint('by_log')
      .toArray();
    const ofTries = further
      .filter(({ startedAt }) => startedAt <= cutoff)
      .flatMap((attempt) => {
        const removal = removalOf(attempt, now);
        return removal ? [{ q: { _id: attempt._id }, u: removal }] : [];
      });
    if (ofTries.length > 0) await this.database.updateEach(INTEGRATION_ATTEMPTS, ofTries);
    const young = new Set(further.filter(({ startedAt }) => startedAt > cutoff).map(({ logId }) => logId));
    const ofRows = rows.flatMap((row) => {
      const update = rowUpdate(row, cutoff, now, young.has(row._id));
      return update ? [{ q: { _id: row._id }, u: update }] : [];
    });
    if (ofRows.length > 0) await this.database.updateEach(INTEGRATION_LOGS, ofRows);
  }
}

function rowUpdate({ status, firstAttempt }: Row, cutoff: Date, now: Date, hasYoungTries: boolean) {
  const isFirstYoung = firstAttempt ? firstAttempt.startedAt > cutoff : false;
  const removal = firstAttempt && !isFirstYoung ? removalOf(firstAttempt, now, 'firstAttempt.') : null;
  const isLate = status === 'QUEUED' || isFirstYoung || hasYoungTries;
  if (isLate)
    return { $set: { ...removal?.$set, bodiesDueAt: daysAfter(now, LATE_DAYS) }, ...unsetOf(removal?.$unset) };
  return { ...(removal ? { $set: removal.$set } : {}), $unset: { ...removal?.$unset, bodiesDueAt: '' } };
}

const unsetOf = (fields: Record<string, string> | undefined) => (fields ? { $unset: fields } : {});
