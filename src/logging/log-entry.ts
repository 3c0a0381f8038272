import type { LogId, TenantId } from '../common/ids.js';
import { isRecord } from '../common/primitives.js';
import type { Attempt, IntegrationLog, LogSummary } from './integration-log.js';
import type { LogSpan } from './log-span.js';
import type { ReceivedPart } from './received/received-request.collection.js';
import type { ChangeToTell } from './status-change.js';

/** A try that has ended, and where it leaves its log. */
export interface Execution {
  readonly logId: LogId;
  readonly tenantId: TenantId;
  readonly attempt: Attempt;
  readonly summary: LogSummary;
  /** How long the vendor, or its token endpoint, asked not to be called. */
  readonly askedWaitMs?: number;
  /** Why the integration is switched off although the try succeeded. */
  readonly disables?: string;
  /** Where its log is counted; whoever writes it looks it up where it is missing. */
  readonly span?: LogSpan;
  /** Only where it gives the log another status and somebody is told of it. */
  readonly toTell?: ChangeToTell;
}

export const isExecution = (value: unknown): value is Execution =>
  isRecord(value) && isRecord(value['attempt']) && isRecord(value['summary']) && typeof value['logId'] === 'string';

/** A call that begins. */
export interface OpenedEntry {
  readonly kind: 'opened';
  readonly log: IntegrationLog;
  /** The request itself, where it is worked on from what is stored of it. */
  readonly received?: readonly ReceivedPart[];
  /** Of a webhook: an equal one that is older than that is another. */
  readonly dedupeWindowMs?: number;
}

/** What the log is written from: a call that begins, or a try that has ended. Writing an entry twice writes it once. */
export type LogEntry = OpenedEntry | { readonly kind: 'executed'; readonly execution: Execution };

/** Where log entries go. A batch is durable when `write` resolves; a rejected one may be written again. */
export interface LogSink {
  readonly name: string;
  write(entries: readonly LogEntry[]): Promise<void>;
}
