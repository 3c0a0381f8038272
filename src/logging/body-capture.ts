import { createHash } from 'node:crypto';
import type { CapturedBody } from './integration-log.js';

/** Keeps at most `limitBytes` of a body, whole characters only, and says what it was before. */
export function captureBody(
  body: Buffer | string | null,
  limitBytes: number,
  fullSizeBytes?: number,
): CapturedBody | null {
  if (body === null || body.length === 0) return null;
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  const sizeBytes = fullSizeBytes ?? bytes.length;
  const kept = bytes.subarray(0, limitBytes);
  return {
    text: decodeText(kept, kept.length < bytes.length),
    sizeBytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    truncated: sizeBytes > kept.length,
  };
}

/** UTF-8 text, or `null` for bytes that are none. A character that the limit cut through at the end is left off. */
function decodeText(bytes: Buffer, wasCut: boolean): string | null {
  try {
    // Decoding as a stream keeps an unfinished last character back instead of refusing it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: wasCut });
  } catch {
    return null;
  }
}
