import { isUtf8 } from 'node:buffer';
import { isRecord } from '../../common/primitives.js';
import type { Redactor } from '../../common/redaction.js';

const MAX_CHARS = 300;
const MAX_DEPTH = 5;

/** Where vendors say why, the most telling first: RFC 6749, RFC 9457, FHIR's OperationOutcome, and everybody else. */
const NAMES = [
  ...['error_description', 'detail', 'diagnostics', 'message', 'errormessage', 'error', 'errors', 'issue', 'details'],
  ...['reason', 'description', 'text', 'title', 'fault', 'faultstring'],
];

/**
 * What a vendor said in an answer that is no success: its own reason where it is JSON, else the text of the answer. On one
 * line, redacted, at most 300 characters; `null` where it said nothing that can be read.
 */
export function vendorReason(body: Buffer, redactor: Redactor): string | null {
  if (body.length === 0 || !isUtf8(body)) return null;
  // Redacted as a whole before it is cut, so that no part of a secret is left at the cut.
  const text = redactor.body(body.toString('utf8'), 'response');
  const line = (reasonIn(text) ?? text.slice(0, 20 * MAX_CHARS).replaceAll(/<[^<>]*>/g, ' '))
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (line === '') return null;
  return line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS)}…` : line;
}

function reasonIn(text: string): string | null {
  try {
    return findReason(JSON.parse(text), 0);
  } catch {
    return null;
  }
}

function findReason(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return findReason(value[0], depth + 1);
  if (!isRecord(value)) return null;
  const byName = new Map(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]));
  for (const name of NAMES) {
    const reason = byName.has(name) ? findReason(byName.get(name), depth + 1) : null;
    if (reason !== null) return reason;
  }
  return null;
}
