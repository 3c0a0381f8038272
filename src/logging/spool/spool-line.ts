import { createHash } from 'node:crypto';
import type { LogEntry } from '../log-entry.js';
import { decodeEntry, encodeEntry } from './entry-codec.js';

const SUM_CHARS = 16;
const LINE = /^\{"sum":"([0-9a-f]{16})","entry":(.*)\}$/s;

/** One line of a spool file, its end included: JSON with the entry, and the checksum of the entry's text. */
export function lineOf(entry: LogEntry): string {
  const text = encodeEntry(entry);
  return `{"sum":"${sumOf(text)}","entry":${text}}\n`;
}

/** `null` where the line is not what was written: torn, or changed since. */
export function entryOf(line: string): LogEntry | null {
  const [, sum, text] = LINE.exec(line) ?? [];
  return sum !== undefined && text !== undefined && sum === sumOf(text) ? decodeEntry(text) : null;
}

/** The first 64 bits of SHA-256: `sha256sum` can check them. */
const sumOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, SUM_CHARS);
