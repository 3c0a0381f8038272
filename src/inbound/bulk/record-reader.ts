import { parse } from 'csv-parse';
import { isUtf8 } from 'node:buffer';

export const BULK_FORMATS = ['ndjson', 'csv'] as const;
/** One JSON value a line (ndjson.org), or CSV (RFC 4180) whose first record names the columns. */
export type BulkFormat = (typeof BULK_FORMATS)[number];

/** One record of a file, with its place in it. */
export type BulkRecord =
  /** `line`: where it ends, from 1. */
  { readonly line: number; readonly value: unknown } | { readonly line: number; readonly fault: string };

/** Longer records are no records of a healthy file. */
const MAX_RECORD_BYTES = 1_048_576;
const NEWLINE = 0x0a;

/** The records of a file, one after the other. A record that cannot be read is told as such, and the next one is read. */
export const recordsIn = (body: Buffer, format: BulkFormat): AsyncIterable<BulkRecord> =>
  format === 'csv' ? csvRecords(body) : jsonRecords(body);

async function* jsonRecords(body: Buffer): AsyncGenerator<BulkRecord> {
  let line = 0;
  for (let start = 0; start < body.length;) {
    const end = body.indexOf(NEWLINE, start);
    const text = body.subarray(start, end === -1 ? body.length : end);
    start = end === -1 ? body.length : end + 1;
    line += 1;
    if (!/^\s*$/.test(text.toString('utf8', 0, MAX_RECORD_BYTES))) yield { line, ...jsonOf(text) };
  }
}

function jsonOf(text: Buffer): { value: unknown } | { fault: string } {
  if (text.length > MAX_RECORD_BYTES) return { fault: `it has more than ${MAX_RECORD_BYTES} bytes` };
  if (!isUtf8(text)) return { fault: 'it is not UTF-8' };
  try {
    return { value: JSON.parse(text.toString('utf8')) };
  } catch {
    return { fault: 'it is not JSON' };
  }
}

async function* csvRecords(body: Buffer): AsyncGenerator<BulkRecord> {
  const faults: BulkRecord[] = [];
  const parser = parse({
    bom: true,
    columns: true,
    info: true,
    max_record_size: MAX_RECORD_BYTES,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      // `lines` is not among the members that the error's type names.
      const line = Number(error ? Reflect.get(error, 'lines') : 0);
      faults.push({ line, fault: `it is not CSV: ${error?.code ?? 'unreadable'}` });
      return undefined;
    },
  });
  parser.end(body);
  for await (const { record, info } of parser) {
    yield* faults.splice(0);
    yield { line: info.lines, value: record };
  }
  yield* faults;
}
