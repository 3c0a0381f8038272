import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ClientSession, Collection, Model, QueryFilter } from 'mongoose';
import { bounded, DATABASE_TIMEOUT_MS } from '../common/bounded.js';
import { GroupCommit } from '../common/group-commit.js';
import type { LogId, TenantId } from '../common/ids.js';
import { Database } from '../storage/database.js';
import { insertMissing } from '../storage/mongo-errors.js';
import type { Attempt, AttemptDocument, IntegrationLog, RetryRequest } from './integration-log.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from './integration-log.collection.js';

/** A place in a list that is sorted by time, newest first. */
export interface LogCursor {
  readonly createdAt: Date;
  readonly id: LogId;
}

/** What a log that is due must be queued with. */
export type DueLog = Pick<IntegrationLog, '_id' | 'tenantId' | 'attemptCount' | 'nextAttemptAt'>;

/** Reads the log, and writes the moves that no call makes: a new QUEUED row, a person's retry. */
@Injectable()
export class IntegrationLogStore implements OnModuleInit {
  private readonly logs: Model<IntegrationLog>;
  private readonly rawLogs: Collection<IntegrationLog>;
  private readonly attempts: Model<AttemptDocument>;
  /** Workers ask for logs one by one at the same time: one query answers many. */
  private readonly reads = new GroupCommit<LogId, IntegrationLog | null>({
    maxBatch: 200,
    maxPending: 10_000,
    write: (ids) => bounded(this.findAll(ids), DATABASE_TIMEOUT_MS, `Reading ${ids.length} logs`),
  });

  constructor(private readonly database: Database) {
    this.logs = database.model(INTEGRATION_LOGS);
    this.rawLogs = database.collection(INTEGRATION_LOGS);
    this.attempts = database.model(INTEGRATION_ATTEMPTS);
  }

  async onModuleInit(): Promise<void> {
    await Promise.all([
      this.database.ensureIndexes(INTEGRATION_LOGS),
      this.database.ensureIndexes(INTEGRATION_ATTEMPTS),
    ]);
  }

  /** Inserts those that are missing; a log that exists is left as it is. */
  async insertQueued(logs: readonly IntegrationLog[], session?: ClientSession): Promise<void> {
    if (logs.length === 0) return;
    const options = { ordered: false, ...(session ? { session } : {}) };
    await insertMissing(() => this.rawLogs.insertMany([...logs], options));
  }

  /** The log as a worker needs it: without what earlier tries sent and received. */
  findForDelivery(id: LogId): Promise<IntegrationLog | null> {
    return this.reads.submit(id);
  }

  async find(tenantId: TenantId, id: LogId): Promise<IntegrationLog | null> {
    return this.logs.findOne({ _id: id, tenantId }).lean<IntegrationLog>();
  }

  /** Every try of a log, in the order they were made. */
  async attemptsOf(log: IntegrationLog): Promise<(Attempt & { superseded: boolean })[]> {
    const further = await this.attempts
      .find({ logId: log._id })
      .sort({ number: 1, startedAt: 1 })
      .lean<AttemptDocument[]>();
    const first = log.firstAttempt ? [{ ...log.firstAttempt, superseded: false }] : [];
    const rest = further.map(({ _id, ...attempt }) => ({ executionId: _id, ...attempt }));
    return [...first, ...rest].sort((a, b) => a.number - b.number || a.startedAt.getTime() - b.startedAt.getTime());
  }

  /** Newest first, without what was sent and received. */
  async list(filter: QueryFilter<IntegrationLog>, after: LogCursor | null, limit: number): Promise<IntegrationLog[]> {
    const page = after
      ? { $or: [{ createdAt: { $lt: after.createdAt } }, { createdAt: after.createdAt, _id: { $lt: after.id } }] }
      : {};
    return this.logs
      .find({ $and: [filter, page] }, { firstAttempt: 0 })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit)
      .lean<IntegrationLog[]>();
  }

  /**
   * Puts a FAILed log back to QUEUED for a person's retry. Of two people who ask at the same time one succeeds; the
   * other gets `null`.
   */
  async requeue(tenantId: TenantId, log: IntegrationLog, retry: RetryRequest): Promise<IntegrationLog | null> {
    return this.logs
      .findOneAndUpdate(
        { _id: log._id, tenantId, status: 'FAIL', attemptCount: log.attemptCount },
        {
          $set: {
            status: 'QUEUED',
            nextAttemptAt: retry.requestedAt,
            completedAt: null,
            retry,
            budgetFrom: log.attemptCount,
            updatedAt: retry.requestedAt,
          },
        },
        { returnDocument: 'after', projection: { firstAttempt: 0 } },
      )
      .lean<IntegrationLog>();
  }

  /** QUEUED logs that were due before `until`, in the order they were due, from a cursor on. */
  async findDue(after: { dueAt: Date; id: LogId } | null, until: Date, limit: number): Promise<DueLog[]> {
    const page = after
      ? { $or: [{ nextAttemptAt: { $gt: after.dueAt } }, { nextAttemptAt: after.dueAt, _id: { $gt: after.id } }] }
      : {};
    return this.logs
      .find(
        { status: 'QUEUED', nextAttemptAt: { $lte: until, $ne: null }, ...page },
        { tenantId: 1, attemptCount: 1, nextAttemptAt: 1 },
      )
      .sort({ nextAttemptAt: 1, _id: 1 })
      .limit(limit)
      .lean<DueLog[]>();
  }

  private async findAll(ids: readonly LogId[]): Promise<(IntegrationLog | null)[]> {
    const found = await this.rawLogs
      .find({ _id: { $in: [...ids] } })
      .project<IntegrationLog>({ firstAttempt: 0 })
      .toArray();
    const byId = new Map(found.map((log) => [log._id, log]));
    return ids.map((id) => byId.get(id) ?? null);
  }
}
