import { Injectable } from '@nestjs/common';
import { DEFAULT_RETENTION } from '../../security/tenants/retention.js';
import { TenantSettings } from '../../security/tenants/tenant-settings.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import { WebhookCapture } from '../webhook-capture.js';
import { recordOf, type Webhook } from '../webhook.js';
import { shownFailure, verdictOfHandling } from '../work/handling-verdict.js';
import { SingleWork } from '../work/single-work.js';
import { type BulkFormat, type BulkRecord, recordsIn } from './record-reader.js';
import { RecordsFailedError } from './records-failed.error.js';
import { type FailedRecord, type WebhookFile } from './webhook-file.collection.js';
import { WebhookFileStore } from './webhook-file.store.js';

/** After so many records, or so long, it is written down how far a file has come. */
const KEEP_AFTER_RECORDS = 200;
const KEEP_AFTER_MS = 2_000;
const FAILED_PAGE = 1_000;

/** Works on a webhook that is a file of records: each is handled by itself, once, and those that fail leave a record. */
@Injectable()
export class BulkWork {
  constructor(
    private readonly single: SingleWork,
    private readonly files: WebhookFileStore,
    private readonly tenants: TenantSettings,
    private readonly capture: WebhookCapture,
  ) {}

  /**
   * Goes on where the last try of the log has ended: with the records that failed, and those that had none.
   * @throws RecordsFailedError where any has failed.
   */
  async handle(webhook: Webhook, log: IntegrationLog, format: BulkFormat): Promise<HandlerAnswer> {
    const run = new BulkRun(await this.startOf(log), await this.failedLinesOf(log));
    for await (const record of recordsIn(webhook.request.body, format)) {
      if (!run.has(record)) continue;
      run.note(record, await this.faultOf(webhook, log, record));
      if (run.isWorthKeeping()) await this.files.keep(run.take());
    }
    const { file, ...rest } = run.take();
    const done = { ...file, read: true };
    await this.files.keep({ file: done, ...rest });
    const total = done.succeeded + done.failed;
    if (done.failed > 0) throw new RecordsFailedError(done.failed, total, run.mayHelp ? 'transient' : 'rejected');
    return { status: 200, body: { records: total } };
  }

  private async startOf(log: IntegrationLog): Promise<WebhookFile> {
    const { bodyDays } = await this.tenants.retentionOf(log.tenantId).catch(() => DEFAULT_RETENTION);
    return this.files.start(log, bodyDays);
  }

  private async failedLinesOf({ tenantId, _id }: IntegrationLog): Promise<Set<number>> {
    const lines = new Set<number>();
    for (let after = 0; ;) {
      const page = await this.files.failedOf(tenantId, _id, after, FAILED_PAGE);
      for (const { line } of page) lines.add(line);
      if (page.length < FAILED_PAGE) return lines;
      after = page.at(-1)?.line ?? after;
    }
  }

  /** `null` where it is done. */
  private async faultOf(webhook: Webhook, log: IntegrationLog, record: BulkRecord): Promise<RecordFault | null> {
    if ('fault' in record)
      return { errorClass: 'rejected', errorCode: 'RECORD_UNREADABLE', errorMessage: record.fault };
    try {
      const own = recordOf(webhook, record.value, record.line);
      await this.single.handle(own, log, `${log._id}-${record.line}`);
      return null;
    } catch (error) {
      const redactor = await this.capture.redactorFor(webhook.source);
      const { errorClass, errorCode, errorMessage } = shownFailure(verdictOfHandling(error), redactor);
      return { errorClass, errorCode, errorMessage };
    }
  }
}

type RecordFault = Pick<FailedRecord, 'errorClass' | 'errorCode' | 'errorMessage'>;

/** One try of a file. */
class BulkRun {
  /** Another try may help a record that failed in this one. */
  mayHelp = false;
  private failed: FailedRecord[] = [];
  private mended: number[] = [];
  private noted = 0;
  private keptAtMs = performance.now();

  private readonly startLine: number;
  private file: WebhookFile;

  constructor(
    before: WebhookFile,
    private readonly failedBefore: ReadonlySet<number>,
  ) {
    this.startLine = before.line;
    // Of a process that died between writing which records failed and how far it had come, the former is right.
    const failed = [...failedBefore].filter((line) => this.isCounted(line)).length;
    this.file = { ...before, failed, succeeded: before.succeeded + before.failed - failed };
  }

  /** Whether the record has still to be worked on. */
  has({ line }: BulkRecord): boolean {
    return !this.isCounted(line) || this.failedBefore.has(line);
  }

  note({ line }: BulkRecord, fault: RecordFault | null): void {
    const wasFailed = this.failedBefore.has(line);
    const wasCounted = this.isCounted(line);
    const { _id: logId, tenantId, keptFrom, expiresAt, succeeded, failed } = this.file;
    if (fault) {
      const kept = { keptFrom, expiresAt };
      this.failed.push({ _id: `${logId}-${line}`, logId, tenantId, line, ...fault, failedAt: new Date(), ...kept });
      if (fault.errorClass === 'transient' || fault.errorClass === 'throttled') this.mayHelp = true;
    } else if (wasFailed) this.mended.push(line);
    this.file = {
      ...this.file,
      line: Math.max(this.file.line, line),
      succeeded: succeeded + (fault ? 0 : 1),
      failed: failed + (fault ? 1 : 0) - (wasCounted ? 1 : 0),
      updatedAt: new Date(),
    };
    this.noted += 1;
  }

  isWorthKeeping(): boolean {
    return this.noted >= KEEP_AFTER_RECORDS || performance.now() - this.keptAtMs > KEEP_AFTER_MS;
  }

  /** What has happened since the last time. */
  take() {
    const { file, failed, mended } = this;
    this.failed = [];
    this.mended = [];
    this.noted = 0;
    this.keptAtMs = performance.now();
    return { file, failed, mended };
  }

  /** Whether an earlier try has counted the record among those that succeeded or failed. */
  private isCounted(line: number): boolean {
    return line <= this.startLine;
  }
}
