import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { LogId, TenantId } from '../../common/ids.js';
import { ReceivedRequestStore, type RequestTraces } from '../../logging/received/received-request.store.js';
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

  /** One that is there already stays as it is. */
  async start(file: WebhookFile): Promise<void> {
    await insertMissing(() => this.files.insertOne(file));
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
    const { _id, ...rest } = file;
    const { matchedCount } = await this.files.updateOne({ _id }, { $set: rest });
    if (matchedCount === 0) await this.failures.deleteMany({ logId: _id });
  }

  /** The files first: a try that is being made sees by them that nothing more is to be kept. */
  async forget(logIds: readonly LogId[]): Promise<void> {
    await this.files.deleteMany({ _id: { $in: [...logIds] } });
    await this.failures.deleteMany({ logId: { $in: [...logIds] } });
  }
}
