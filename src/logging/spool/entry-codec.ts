import { isRecord } from '../../common/primitives.js';
import type { LogEntry } from '../log-entry.js';

const DATE = '$date';
const BYTES = '$bytes';

/**
 * A log entry as one line of JSON that a person can read. JSON has no dates and no bytes: they become `{"$date": ...}` and
 * `{"$bytes": ...}`, and a name of the entry's own that starts with `$` gets a second one, so that nothing a vendor or a
 * host has named can be taken for them.
 */
export const encodeEntry = (entry: LogEntry): string => JSON.stringify(tagged(entry));

/** `null` where the text is no log entry. */
export function decodeEntry(text: string): LogEntry | null {
  try {
    const value = untagged(JSON.parse(text));
    return isLogEntry(value) ? value : null;
  } catch {
    return null;
  }
}

function tagged(value: unknown): unknown {
  if (value instanceof Date) return { [DATE]: value.toISOString() };
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(tagged);
  if (!isRecord(value)) return value;
  return mapped(value, (name) => (name.startsWith('$') ? `$${name}` : name), tagged);
}

function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (!isRecord(value)) return value;
  if (typeof value[DATE] === 'string') return new Date(value[DATE]);
  if (typeof value[BYTES] === 'string') return Buffer.from(value[BYTES], 'base64');
  return mapped(value, (name) => (name.startsWith('$$') ? name.slice(1) : name), untagged);
}

/** By `fromEntries`, which also keeps a name such as `__proto__` a name. */
const mapped = (
  record: Record<string, unknown>,
  rename: (name: string) => string,
  convert: (value: unknown) => unknown,
) => Object.fromEntries(Object.entries(record).map(([name, value]) => [rename(name), convert(value)]));

function isLogEntry(value: unknown): value is LogEntry {
  if (!isRecord(value)) return false;
  const { kind, log, execution } = value;
  if (kind === 'opened') return isRecord(log) && typeof log['_id'] === 'string' && log['createdAt'] instanceof Date;
  if (kind !== 'executed' || !isRecord(execution)) return false;
  const { logId, attempt, summary } = execution;
  return (
    typeof logId === 'string' &&
    isRecord(summary) &&
    isRecord(attempt) &&
    typeof attempt['executionId'] === 'string' &&
    typeof attempt['number'] === 'number'
  );
}
