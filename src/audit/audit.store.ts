import { Injectable } from '@nestjs/common';
import type { Collection, mongo } from 'mongoose';
import type { TenantId } from '../common/ids.js';
import { Database } from '../storage/database.js';
import { type AuditEntry, chainOf } from './audit-entry.js';
import { AUDIT_ENTRIES } from './audit-entry.collection.js';

export interface AuditSearch {
  /** `null`: the platform's. */
  readonly tenantId: TenantId | null;
  readonly subjectType?: string;
  readonly subjectId?: string;
  readonly who?: string;
  readonly what?: string;
  readonly from?: Date;
  readonly to?: Date;
}

/** A place in a list that is sorted by time, newest first. */
export interface AuditCursor {
  readonly at: Date;
  readonly id: string;
}

/** Reads the audit log. */
@Injectable()
export class AuditStore {
  private readonly entries: Collection<AuditEntry>;

  constructor(database: Database) {
    this.entries = database.collection(AUDIT_ENTRIES);
  }

  /** Newest first. */
  async list(search: AuditSearch, after: AuditCursor | null, limit: number): Promise<AuditEntry[]> {
    const filter = filterOf(search);
    // A bound on the time alone can be looked up; with `$or` the database would read everything twice and sort it.
    const page = after ? [{ at: { $lte: after.at } }, { $nor: [{ at: after.at, _id: { $gte: after.id } }] }] : [];
    return this.entries
      .find({ $and: [filter, ...page] })
      .sort({ at: -1, _id: -1 })
      .hint(indexFor(search))
      .limit(limit)
      .toArray();
  }
}

function filterOf({ tenantId, subjectType, subjectId, who, what, from, to }: AuditSearch): mongo.Filter<AuditEntry> {
  return {
    chain: chainOf(tenantId),
    ...(subjectId === undefined ? {} : { 'subject.id': subjectId }),
    ...(subjectType === undefined ? {} : { 'subject.type': subjectType }),
    ...(who === undefined ? {} : { 'who.id': who }),
    ...(what === undefined ? {} : { what }),
    ...(from || to ? { at: { ...(from ? { $gte: from } : {}), ...(to ? { $lt: to } : {}) } } : {}),
  };
}

/** Of several filters the one that usually leaves the fewest entries has the index. */
function indexFor({ subjectId, who, what }: AuditSearch): string {
  if (subjectId !== undefined) return 'newest_of_subject';
  if (what !== undefined) return 'newest_of_what';
  return who === undefined ? 'newest' : 'newest_of_actor';
}
