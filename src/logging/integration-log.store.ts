import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ClientSession, Collection, Model } from 'mongoose';
import { bounded, DATABASE_TIMEOUT_MS } from '../common/bounded.js';
import { contextHash } from '../common/context-hash.js';
import { GroupCommit } from '../common/group-commit.js';
import { asIntegrationId, asLogId, type IntegrationId, type LogId, type TenantId } from '../common/ids.js';
import { Database, type SingleUpdate } from '../storage/database.js';
import { insertMissing } from '../storage/mongo-errors.js';
import {
  type Attempt,
  type AttemptDocument,
  contextKeysOf,
  type DeliveryOrderKey,
  type IntegrationLog,
  type Resolution,
  type RetryRequest,
} from './integration-log.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from './integration-log.collection.js';
import { unfinishedBefore } from './held-logs.js';
import { BodyReader } from './payloads/body-reader.js';
import { ChangedSpans } from './changed-spans.js';
import { LogOrigins } from './log-origins.js';
import { allOf } from './log-search.js';
import { spanOf } from './log-span.js';
import { type ChangeToTell, tellingUpdate } from './status-change.js';

/** A place in a list that is sorted by time, newest first. */
export interface LogCursor {
  readonly createdAt: Date;
  readonly id: LogId;
}

/** What a log that is due must be queued with. */
export type DueLog = Pick<IntegrationLog, '_id' | 'attemptCount' | 'nextAttemptAt'>;

/** A log's place among those that are set aside. */
export type SetAsideLog = Pick<IntegrationLog, '_id' | 'integrationId'>;

/** A call that was made in another one, as that one shows it. */
export type ChildLog = Pick<
  IntegrationLog,
  '_id' | 'integrationName' | 'direction' | 'status' | 'errorClass' | 'errorCode' | 'createdAt' | 'completedAt'
>;

const CHILD_FIELDS = {
  integrationName: 1,
  direction: 1,
  status: 1,
  errorClass: 1,
  errorCode: 1,
  createdAt: 1,
  completedAt: 1,
} as const;

/** A FAILed log that a person retries, with those who are to be told. */
export interface RequeuedLog {
  readonly log: Omit<IntegrationLog, 'firstAttempt'>;
  readonly toTell: ChangeToTell | undefined;
}

const BEFORE_ALL: SetAsideLog = { _id: asLogId(''), integrationId: asIntegrationId('') };

/** More are not counted: it would take ever longer. */
const MAX_COUNTED = 10_000;
/** A context may be part of another one; so many are looked at for an equal one. */
const MAX_LATER = 50;
const DUE_FIELDS = { attemptCount: 1, nextAttemptAt: 1 } as const;

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

  constructor(
    private readonly database: Database,
    private readonly bodies: BodyReader,
    private readonly changed: ChangedSpans,
    private readonly origins: LogOrigins,
  ) {
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
    await Promise.all([this.changed.mark(logs.map(spanOf)), this.origins.note(logs)]);
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

  /** What came to a source, replays apart, the newest first, with what was captured. */
  async newestOf(tenantId: TenantId, integrationId: IntegrationId, limit: number): Promise<IntegrationLog[]> {
    return this.logs
      .find({ tenantId, integrationId, parentLogId: null })
      .sort({ createdAt: -1, _id: -1 })
      .hint('newest_of_integration')
      .limit(limit)
      .lean<IntegrationLog[]>();
  }

  /** Every try of a log, in the order they were made, with what is still kept of their bodies. */
  async attemptsOf(log: IntegrationLog): Promise<(Attempt & { superseded: boolean })[]> {
    const further = await this.attempts
      .find({ logId: log._id })
      .sort({ number: 1 })
      .hint('by_log')
      .lean<AttemptDocument[]>();
    const first = log.firstAttempt ? [{ ...log.firstAttempt, superseded: false }] : [];
    const rest = further.map(({ _id, ...attempt }) => ({ executionId: _id, ...attempt }));
    const all = [...first, ...rest].sort(
      (a, b) => a.number - b.number || a.startedAt.getTime() - b.startedAt.getTime(),
    );
    return this.bodies.restore(log.tenantId, all);
  }

  /** The calls that were made in this one, the oldest first; of the same tenant, whoever asks. */
  async childrenOf({ _id, tenantId }: Pick<IntegrationLog, '_id' | 'tenantId'>, limit: number): Promise<ChildLog[]> {
    return this.rawLogs
      .find({ tenantId, parentLogId: _id })
      .project<ChildLog>(CHILD_FIELDS)
      .sort({ createdAt: 1, _id: 1 })
      .hint('children')
      .limit(limit)
      .toArray();
  }

  /** The newest log after this one that delivered the same context to the same integration; `null` where none did. */
  async findLaterSuccess(log: IntegrationLog): Promise<IntegrationLog | null> {
    const { tenantId, integrationId, context, createdAt } = log;
    const { tenantId: _tenantId, ...ids } = context;
    const keys = contextKeysOf(ids);
    const found = await this.logs
      .find(
        {
          tenantId,
          ...(keys.length === 0 ? {} : { contextKeys: allOf(keys) }),
          integrationId,
          status: 'SUCCESS',
          createdAt: { $gt: createdAt },
        },
        { firstAttempt: 0 },
      )
      .sort({ createdAt: -1, _id: -1 })
      .hint(keys.length === 0 ? 'newest_of_integration' : 'newest_of_key')
      .limit(MAX_LATER)
      .lean<IntegrationLog[]>();
    const subject = contextHash(context);
    return found.find((other) => contextHash(other.context) === subject) ?? null;
  }

  /**
   * Puts a FAILed log back to QUEUED for a person's retry. Of two people who ask at the same time one succeeds; the
   * other gets `null`.
   */
  async requeue(
    tenantId: TenantId,
    log: IntegrationLog,
    retry: RetryRequest,
    { asSent = false, toTell }: { asSent?: boolean; toTell?: ChangeToTell | undefined } = {},
  ): Promise<IntegrationLog | null> {
    await this.changed.mark([spanOf(log)]);
    const { q, u } = requeueing(tenantId, { log, toTell }, retry, asSent);
    return this.logs
      .findOneAndUpdate(q, u, { returnDocument: 'after', projection: { firstAttempt: 0 } })
      .lean<IntegrationLog>();
  }

  /** As `requeue`, for many logs at once. Answers which of them are QUEUED by it. */
  async requeueAll(
    tenantId: TenantId,
    moves: readonly RequeuedLog[],
    retry: RetryRequest,
  ): Promise<ReadonlySet<LogId>> {
    const ids = moves.map(({ log }) => log._id);
    if (ids.length === 0) return new Set();
    await this.changed.mark(moves.map(({ log }) => spanOf(log)));
    const updates = moves.map((move) => requeueing(tenantId, move, retry));
    if ((await this.database.updateEach(INTEGRATION_LOGS, updates)) === ids.length) return new Set(ids);
    const { requestedBy: by, requestedAt: at } = retry;
    const moved = { _id: { $in: ids }, 'resolution.kind': 'retried', 'resolution.by': by, 'resolution.at': at };
    return new Set(
      (await this.rawLogs.find(moved).project<{ _id: LogId }>({ _id: 1 }).toArray()).map(({ _id }) => _id),
    );
  }

  /** Settles a FAILed log without a retry; `null` where it is not FAILed, or is settled already. */
  async resolve(tenantId: TenantId, id: LogId, { by, note }: { by: string; note: string }) {
    const at = new Date();
    const resolution: Resolution = { kind: 'resolved', by, at, note };
    return this.logs
      .findOneAndUpdate(
        { _id: id, tenantId, status: 'FAIL', 'resolution.kind': { $exists: false } },
        { $set: { resolution, updatedAt: at } },
        { returnDocument: 'after', projection: { firstAttempt: 0 } },
      )
      .lean<IntegrationLog>();
  }

  /** Takes that back; `null` where it is not settled so. */
  async unresolve(tenantId: TenantId, id: LogId): Promise<IntegrationLog | null> {
    return this.logs
      .findOneAndUpdate(
        { _id: id, tenantId, status: 'FAIL', 'resolution.kind': 'resolved' },
        { $unset: { resolution: '' }, $set: { updatedAt: new Date() } },
        { returnDocument: 'after', projection: { firstAttempt: 0 } },
      )
      .lean<IntegrationLog>();
  }

  /** QUEUED logs of an integration that are due between two times, in the order they are due. */
  async findDueOf(integrationId: IntegrationId, until: Date, limit: number, from = new Date(0)): Promise<DueLog[]> {
    return this.rawLogs
      .find({ status: 'QUEUED', integrationId, nextAttemptAt: { $gte: from, $lte: until } })
      .project<DueLog>(DUE_FIELDS)
      .sort({ nextAttemptAt: 1 })
      .hint('backlog')
      .limit(limit)
      .toArray();
  }

  /** What of an integration is due, in the order they are due; retries of a batch apart, as far as the live ones leave room. */
  async findBacklogOf(
    integrationId: IntegrationId,
    until: Date,
    limit: number,
  ): Promise<{ live: DueLog[]; ofBatches: DueLog[] }> {
    const find = (ofBatch: boolean, most: number) =>
      this.rawLogs
        .find({
          status: 'QUEUED',
          integrationId,
          nextAttemptAt: { $gt: new Date(0), $lte: until },
          'retry.batchId': { $exists: ofBatch },
        })
        .project<DueLog>(DUE_FIELDS)
        .sort({ nextAttemptAt: 1 })
        .hint('backlog')
        .limit(most)
        .toArray();
    const live = await find(false, limit);
    return { live, ofBatches: live.length < limit ? await find(true, limit - live.length) : [] };
  }

  /** How many QUEUED logs of an integration are due, up to 10,001, and when the oldest was. */
  async countDueOf(integrationId: IntegrationId, until: Date): Promise<{ count: number; oldestAt: Date | null }> {
    const due = { status: 'QUEUED' as const, integrationId, nextAttemptAt: { $gt: new Date(0), $lte: until } };
    const [count, [oldest]] = await Promise.all([
      this.rawLogs.countDocuments(due, { limit: MAX_COUNTED + 1, hint: 'backlog' }),
      this.findDueOf(integrationId, until, 1),
    ]);
    return { count, oldestAt: oldest?.nextAttemptAt ?? null };
  }

  /** The next integration, in the order of ids, that has QUEUED logs due until then: a walk along the index. */
  async nextWithDue(after: string, until: Date): Promise<{ integrationId: IntegrationId; dueAt: Date } | null> {
    const [log] = await this.rawLogs
      .find({
        status: 'QUEUED',
        integrationId: { $gt: asIntegrationId(after) },
        nextAttemptAt: { $gt: new Date(0), $lte: until },
      })
      .project<Pick<IntegrationLog, 'integrationId' | 'nextAttemptAt'>>({ integrationId: 1, nextAttemptAt: 1 })
      .sort({ integrationId: 1, nextAttemptAt: 1 })
      .hint('backlog')
      .limit(1)
      .toArray();
    return log?.integrationId && log.nextAttemptAt
      ? { integrationId: log.integrationId, dueAt: log.nextAttemptAt }
      : null;
  }

  /** Whether a delivery with the same ordering key and an earlier place has not ended; with `hold`, or has FAILed and is not resolved. */
  async isBehind({ integrationId }: IntegrationLog, order: DeliveryOrderKey, hold: boolean): Promise<boolean> {
    const earlier = await this.rawLogs.findOne(unfinishedBefore(integrationId, order, hold), {
      projection: { _id: 1 },
      hint: 'order',
    });
    return earlier !== null;
  }

  /** Takes the due time from a QUEUED log that has to wait for another one: it is held. */
  async setAside({ _id, attemptCount }: IntegrationLog): Promise<void> {
    await this.rawLogs.updateOne(
      { _id, status: 'QUEUED', attemptCount },
      { $set: { nextAttemptAt: null, updatedAt: new Date() } },
    );
  }

  async bringBack({ _id, attemptCount }: IntegrationLog): Promise<void> {
    const now = new Date();
    await this.rawLogs.updateOne(
      { _id, status: 'QUEUED', attemptCount, nextAttemptAt: null },
      { $set: { nextAttemptAt: now, updatedAt: now } },
    );
  }

  /** Gives the first log of an ordering key that was set aside its due time back; with `before`, one of an earlier place. */
  async bringBackNext(integrationId: IntegrationId, key: string, before = Infinity): Promise<DueLog | null> {
    const now = new Date();
    return this.logs
      .findOneAndUpdate(
        { integrationId, 'order.key': key, status: 'QUEUED', nextAttemptAt: null, 'order.seq': { $lt: before } },
        { $set: { nextAttemptAt: now, updatedAt: now } },
        { sort: { 'order.seq': 1 }, returnDocument: 'after', projection: DUE_FIELDS },
      )
      .lean<DueLog>();
  }

  /** Logs that have been set aside for a while, in the order of their integrations and ids; from the one after `after`. */
  async findSetAside(before: Date, after: SetAsideLog | null, limit: number): Promise<IntegrationLog[]> {
    const { integrationId, _id } = after ?? BEFORE_ALL;
    return this.rawLogs
      .find({
        status: 'QUEUED',
        integrationId: { $gte: integrationId },
        $or: [{ integrationId: { $gt: integrationId } }, { _id: { $gt: _id } }],
        nextAttemptAt: null,
        'order.key': { $exists: true },
        updatedAt: { $lte: before },
      })
      .project<IntegrationLog>({ firstAttempt: 0 })
      .sort({ integrationId: 1, _id: 1 })
      .limit(limit)
      .toArray();
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

function requeueing(
  tenantId: TenantId,
  { log: { _id, attemptCount }, toTell }: RequeuedLog,
  retry: RetryRequest,
  asSent = false,
): SingleUpdate<IntegrationLog> {
  const { requestedBy: by, requestedAt: at, reason: note } = retry;
  const telling = tellingUpdate(toTell);
  return {
    q: { _id, tenantId, status: 'FAIL', attemptCount, erasedAt: { $exists: false } },
    u: {
      $set: {
        status: 'QUEUED',
        nextAttemptAt: at,
        completedAt: null,
        retry,
        resolution: { kind: 'retried', by, at, note },
        ...(asSent ? { asSent: true } : {}),
        budgetFrom: attemptCount,
        updatedAt: at,
        // Its next try may be younger than whatever retention has already walked past.
        bodiesDueAt: at,
        ...telling.set,
      },
      ...telling.push,
      ...(asSent ? {} : { $unset: { asSent: '' } }),
    },
  };
}
