import type { ErrorClass } from '../../common/error-class.js';
import type { LogId, TenantId } from '../../common/ids.js';
import { defineCollection } from '../../storage/collection.js';

/** How far a file of records has come. */
export interface WebhookFile {
  /** Of its log. */
  _id: LogId;
  tenantId: TenantId;
  /** Every record that ends before or on this line has had a try. */
  line: number;
  succeeded: number;
  failed: number;
  /** Whether its end was reached. */
  read: boolean;
  updatedAt: Date;
  /** When its last try began: its rows are kept for as long as what that try was sent. */
  keptFrom: Date;
  expiresAt: Date;
}

/** A record whose last try failed. */
export interface FailedRecord {
  /** `<log id>-<line>`. */
  _id: string;
  logId: LogId;
  tenantId: TenantId;
  line: number;
  errorClass: ErrorClass;
  errorCode: string;
  errorMessage: string;
  failedAt: Date;
  /** As of its file. */
  keptFrom: Date;
  expiresAt: Date;
}

const EXPIRED = {
  name: 'expired',
  keys: { expiresAt: 1 },
  options: { expireAfterSeconds: 0 },
  serves: 'expiry: files whose bodies are kept no longer',
} as const;

export const WEBHOOK_FILES = defineCollection<WebhookFile>({
  name: 'webhook_files',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    line: { type: Number, required: true },
    succeeded: { type: Number, required: true },
    failed: { type: Number, required: true },
    read: { type: Boolean, required: true },
    updatedAt: { type: Date, required: true },
    keptFrom: { type: Date },
    expiresAt: { type: Date, required: true },
  },
  indexes: [EXPIRED],
});

export const FAILED_RECORDS = defineCollection<FailedRecord>({
  name: 'webhook_failed_records',
  fields: {
    _id: String,
    logId: { type: String, required: true },
    tenantId: { type: String, required: true },
    line: { type: Number, required: true },
    errorClass: { type: String, required: true },
    errorCode: { type: String, required: true },
    errorMessage: { type: String, required: true },
    failedAt: { type: Date, required: true },
    keptFrom: { type: Date },
    expiresAt: { type: Date, required: true },
  },
  indexes: [
    { name: 'by_line', keys: { logId: 1, line: 1 }, serves: 'the failed records of a file, in their order' },
    EXPIRED,
  ],
});
