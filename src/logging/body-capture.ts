import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { SegmentedBody } from '../security/outbound-http/segmented-body.js';
import type { CapturedBody } from './integration-log.js';

/** Of a decorated call's arguments, and of its result, this much is kept. */
export const CALL_BODY_BYTES = 64 * 1_024;

/**
 * Keeps at most `limitBytes` of a body, whole characters only, and says what it was. It is redacted as a whole before it
 * is cut, so that no part of a secret is left at the cut; size and hash are those of the whole body, before it was
 * compressed for the wire. Of a binary body, and of a file within one, type, size and hash are kept.
 */
export function captureBody(
  body: Buffer | string | SegmentedBody | null,
  limitBytes: number,
  redact: (text: string) => string = (text) => text,
  contentType: string | null = null,
): CapturedBody | null {
  if (body instanceof SegmentedBody) {
    const shown = kept(redact(body.outline()), limitBytes);
    return { contentType, ...shown, sizeBytes: body.sizeBytes, sha256: body.sha256() };
  }
  if (body === null || body.length === 0) return null;
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  const text = decodeText(bytes);
  const shown = text === null ? BINARY : kept(redact(text), limitBytes);
  return { contentType, ...shown, sizeBytes: bytes.length, sha256: hash('sha256', bytes, 'hex') };
}

const BINARY = { text: null, truncated: false, cutBytes: 0 };

function kept(text: string, limitBytes: number): Pick<CapturedBody, 'text' | 'truncated' | 'cutBytes'> {
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes <= limitBytes) return { text, truncated: false, cutBytes: 0 };
  const start = Buffer.from(text, 'utf8').subarray(0, limitBytes);
  // A character that the cut has parted is left out as a whole.
  const shown = new TextDecoder('utf-8', { ignoreBOM: true }).decode(start, { stream: true });
  return { text: shown, truncated: true, cutBytes: sizeBytes - Buffer.byteLength(shown) };
}

/** UTF-8 text, or `null` for bytes that are none. A body that was not read to its end may end within a character. */
function decodeText(bytes: Buffer): string | null {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  try {
    // Decoding as a stream keeps an unfinished last character back instead of refusing it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch {
    return null;
  }
}
