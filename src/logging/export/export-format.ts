import { stringify } from 'csv-stringify/sync';
import type { IntegrationLog } from '../integration-log.js';

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportWriter {
  readonly contentType: string;
  /** What stands before the first log. */
  readonly head: string;
  logs(logs: readonly IntegrationLog[]): string;
  /** The last record of an export that is not complete. */
  note(text: string): string;
}

/** The fields of an exported log, in the order of the columns. Fields are added at the end only. */
const recordOf = ({ _id: id, ...log }: IntegrationLog) => ({
  id,
  createdAt: log.createdAt.toISOString(),
  status: log.status,
  errorClass: log.errorClass,
  errorCode: log.errorCode,
  errorMessage: log.errorMessage,
  direction: log.direction,
  actionId: log.actionId,
  actionName: log.actionName,
  integrationId: log.integrationId,
  integrationName: log.integrationName,
  vendor: log.vendor,
  attemptCount: log.attemptCount,
  nextAttemptAt: log.nextAttemptAt?.toISOString() ?? null,
  completedAt: log.completedAt?.toISOString() ?? null,
  occurredAt: log.occurredAt.toISOString(),
  eventId: log.eventId,
  correlationId: log.correlationId,
  parentLogId: log.parentLogId,
  context: log.context,
  extracts: log.extracts ?? {},
});

const COLUMNS: readonly (keyof ReturnType<typeof recordOf>)[] = [
  'id',
  'createdAt',
  'status',
  'errorClass',
  'errorCode',
  'errorMessage',
  'direction',
  'actionId',
  'actionName',
  'integrationId',
  'integrationName',
  'vendor',
  'attemptCount',
  'nextAttemptAt',
  'completedAt',
  'occurredAt',
  'eventId',
  'correlationId',
  'parentLogId',
  'context',
  'extracts',
];

/** RFC 4180. What a spreadsheet would run as a formula is text there: a `'` is put in front of it. */
const csvOf = (records: readonly unknown[]) =>
  stringify([...records], { columns: [...COLUMNS], escape_formulas: true, record_delimiter: '\r\n' });

const CSV: ExportWriter = {
  contentType: 'text/csv; charset=utf-8; header=present',
  head: `${COLUMNS.join(',')}\r\n`,
  logs: (logs) => csvOf(logs.map(recordOf)),
  note: (text) => csvOf([{ id: `# ${text}` }]),
};

const NDJSON: ExportWriter = {
  contentType: 'application/x-ndjson; charset=utf-8',
  head: '',
  logs: (logs) => logs.map((log) => `${JSON.stringify(recordOf(log))}\n`).join(''),
  note: (text) => `${JSON.stringify({ note: text })}\n`,
};

export const EXPORT_WRITERS: Readonly<Record<ExportFormat, ExportWriter>> = { csv: CSV, ndjson: NDJSON };
