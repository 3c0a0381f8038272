import { stringify } from 'csv-stringify/sync';
import type { RetryBatchId } from '../../common/ids.js';
import type { BatchOutcome, RetryBatchItem } from './retry-batch.js';
import type { RetryBatchStore } from './retry-batch.store.js';

const PAGE_SIZE = 500;
const COLUMNS = ['logId', 'integrationId', 'outcome', 'why', 'updatedAt', 'replayLogId'] as const;

export type ExportFormat = 'ndjson' | 'csv';

export const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
};

/** Of these a log of a replay is there, or was. */
const REPLAYED: readonly BatchOutcome[] = ['queued', 'succeeded', 'failed'];

export const itemViewOf = ({ logId, integrationId, outcome, why, updatedAt, replayLogId }: RetryBatchItem) => ({
  logId,
  integrationId,
  outcome,
  why,
  updatedAt,
  replayLogId: replayLogId && REPLAYED.includes(outcome) ? replayLogId : null,
});

/** The logs of a batch as text, page by page: however many there are, one page is in memory. */
export async function* exported(
  store: RetryBatchStore,
  id: RetryBatchId,
  { format, outcome }: { format: ExportFormat; outcome?: BatchOutcome | undefined },
): AsyncGenerator<string> {
  if (format === 'csv') yield `${COLUMNS.join(',')}\r\n`;
  let after = '';
  for (;;) {
    const items = await store.findItems(id, { outcome, after, limit: PAGE_SIZE });
    if (items.length > 0) yield items.map((item) => lineOf(item, format)).join('');
    if (items.length < PAGE_SIZE) return;
    after = items.at(-1)?._id ?? '';
  }
}

/** CSV by RFC 4180; what a spreadsheet would take for a formula is made a text. */
function lineOf(item: RetryBatchItem, format: ExportFormat): string {
  const view = itemViewOf(item);
  if (format === 'ndjson') return `${JSON.stringify(view)}\n`;
  const record = { ...view, updatedAt: view.updatedAt.toISOString() };
  return stringify([record], { columns: [...COLUMNS], escape_formulas: true, record_delimiter: '\r\n' });
}
