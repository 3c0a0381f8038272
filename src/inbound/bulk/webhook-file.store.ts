import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { LogId, TenantId } from '../../common/ids.js';
import { ReceivedRequestStore, type RequestTraces } from '../../logging/received/received-request.store.js';
import { DAY_MS, daysAfter } from '../../security/tenants/retention.js';
import { Database } from '../../storage/database.js';
import { insertMissing } from '../../storage/mongo-errors.js';
import { FAILED_RECORDS, type FailedRecord, WEBHOOK_FILES, type WebhookFile } from './webhook-file.collection.js';

/** What has become of some records since the last time it was written down. */
export interface Progress {
  readonly file: WebhookFile;
  readonly failed: readonly FailedRecord[];
  /** Lines that had failed before, and did not this time. */
  readonly mended: readonly number[];
}

/** How far files have come, and which of their records failed. */
@Injectable()
export class WebhookFileStore implements OnModuleInit, RequestTraces {
  private readonly files: Collection<WebhookFile>;
  private readonly failures: Collection<FailedRecord>;

  constructor(
    private readonly database: Database,
    private readonly received: ReceivedRequestStore,
  ) {
    this.files = database.collection(WEBHOOK_FILES);
    this.failures = database.collection(FAILED_RECORDS);
  }

  async onModuleInit(): Promise<void> {
    this.received.traces = this;
    await Promise.all([this.database.ensureIndexes(WEBHOOK_FILES), this.database.ensureIndexes(FAILED_RECORDS)]);
  }

  async find(logId: LogId): Promise<WebhookFile | null> {
    return this.files.findOne({ _id: logId });
  }

  /** A try begins: where the last one has come, or the start; kept for as long as what this try was sent. */
  async start({ _id, tenantId }: Pick<WebhookFile, '_id' | 'tenantId'>, bodyDays: number): Promise<WebhookFile> {
    const now = new Date();
    const kept = { keptFrom: now, expiresAt: daysAfter(now, bodyDays) };
    const before = await this.files.findOneAndUpdate({ _id }, { $set: kept }, { returnDocument: 'after' });
    if (before) {
      await this.failures.updateMany({ logId: _id }, { $set: kept });
      return before;
    }
    const file = { _id, tenantId, line: 0, succeeded: 0, failed: 0, read: false, updatedAt: now, ...kept };
    await insertMissing(() => this.files.insertOne(file));
    return file;
  }

  /** Failed records in the order of their lines; of the tenant's own files only. */
  async failedOf(tenantId: TenantId, logId: LogId, after: number, limit: number): Promise<FailedRecord[]> {
    return this.failures
      .find({ logId, tenantId, line: { $gt: after } })
      .sort({ logId: 1, line: 1 })
      .hint('by_line')
      .limit(limit)
      .toArray();
  }

  /** The records first: were the process to die in between, they would have their tries again, under the same keys. */
  async keep({ file, failed, mended }: Progress): Promise<void> {
    for (const record of failed) {
      const { _id, ...now } = record;
      const { matchedCount } = await this.failures.updateOne({ _id }, { $set: now });
      if (matchedCount === 0) await insertMissing(() => this.failures.insertOne(record));
    }
    if (mended.length > 0) await this.failures.deleteMany({ logId: file._id, line: { $in: [...mended] } });
    const { _id, keptFrom: _keptFrom, expiresAt, ...rest } = file;
    const kept = await this.files.findOneAndUpdate({ _id }, { $set: rest }, { returnDocument: 'after' });
    if (!kept) await this.failures.deleteMany({ logId: _id });
    else if (failed.length > 0 && kept.expiresAt.getTime() !== expiresAt.getTime())
      // What the tenant has set since this try began.
      await this.failures.updateMany(
        { _id: { $in: failed.map((record) => record._id) } },
        { $set: { keptFrom: kept.keptFrom, expiresAt: kept.expiresAt } },
      );
  }

  /** The files first: a try that is being made sees by them until when what it writes is kept. */
  async follow(tenantId: TenantId, bodyDays: number): Promise<void> {
    // Rows of before this was written down: not sooner than they would have expired by it.
    await this.files.updateMany({ tenantId }, expiryFrom({ $ifNull: ['$keptFrom', '$updatedAt'] }, bodyDays));
    await this.failures.updateMany({ tenantId }, expiryFrom({ $ifNull: ['$keptFrom', '$failedAt'] }, bodyDays));
  }

  /** The files first: a try that is being made sees by them that nothing more is to be kept. */
  async forget(logIds: readonly LogId[]): Promise<void> {
    await this.files.deleteMany({ _id: { $in: [...logIds] } });
    await this.failures.deleteMany({ logId: { $in: [...logIds] } });
  }
}

const expiryFrom = (start: object, bodyDays: number) => [{ $set: { expiresAt: { $add: [start, bodyDays * DAY_MS] } } }];
