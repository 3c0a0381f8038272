import { type Parser, parse } from 'csv-parse';
import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

export const BULK_FORMATS = ['ndjson', 'csv'] as const;
/** One JSON value a line (ndjson.org), or CSV (RFC 4180) whose first record names the columns. */
export type BulkFormat = (typeof BULK_FORMATS)[number];

/** One record of a file, with its place in it: records come in the order of their lines. */
export type BulkRecord =
  /** `line`: where it ends, from 1. */
  { readonly line: number; readonly value: unknown } | { readonly line: number; readonly fault: string };

/** Longer records are no records of a healthy file. */
const MAX_RECORD_BYTES = 1_048_576;
const TOO_LARGE = `it has more than ${MAX_RECORD_BYTES} bytes`;
const NEWLINE = 0x0a;
const PIECE_BYTES = 65_536;

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
  if (text.length > MAX_RECORD_BYTES) return { fault: TOO_LARGE };
  if (!isUtf8(text)) return { fault: 'it is not UTF-8' };
  try {
    // Which leaves out a byte order mark.
    return { value: JSON.parse(new TextDecoder().decode(text)) };
  } catch {
    return { fault: 'it is not JSON' };
  }
}

async function* csvRecords(body: Buffer): AsyncGenerator<BulkRecord> {
  const parser: Parser = parse({
    bom: true,
    columns: true,
    info: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      // `lines` is not among the members that the error's type names.
      const lines = Number(error ? Reflect.get(error, 'lines') : 0);
      const isOfNames = parser.options.columns === true;
      const what = isOfNames ? 'the names of the columns are not CSV' : 'it is not CSV';
      // Between the records, so that all come in the order of the file.
      parser.push({ info: { lines }, fault: `${what}: ${error?.code ?? 'unreadable'}`, isOfNames });
      return undefined;
    },
  });
  let last = 0;
  for await (const { record: value, info, fault, isOfNames } of Readable.from(piecesOf(body)).pipe(parser)) {
    const line: number = info.lines;
    // The parser may find several faults in a line.
    if (line > last) yield fault === undefined ? { line, ...checked(value) } : { line, fault };
    if (isOfNames) return;
    last = line;
  }
}

/** Not all at once: a file must neither be in memory twice nor hold up what else the process does. */
async function* piecesOf(body: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < body.length; start += PIECE_BYTES) {
    yield body.subarray(start, start + PIECE_BYTES);
    await setImmediate();
  }
}

/** The parser's own limit would have it lose what comes after the record. */
const checked = (value: unknown): { value: unknown } | { fault: string } =>
  Buffer.byteLength(JSON.stringify(value)) > MAX_RECORD_BYTES ? { fault: TOO_LARGE } : { value };
