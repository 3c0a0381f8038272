import { createHash } from 'node:crypto';
import type { CapturedBody } from './integration-log.js';

/**
 * Keeps at most `limitBytes` of a body, whole characters only, and says what it was. It is redacted as a whole before it
 * is cut, so that no part of a secret is left at the cut; size and hash are those of what really went over the wire.
 */
export function captureBody(
  body: Buffer | string | null,
  limitBytes: number,
  redact: (text: string) => string = (text) => text,
): CapturedBody | null {
  if (body === null || body.length === 0) return null;
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  const text = decodeText(bytes);
  const shown = text === null ? null : Buffer.from(redact(text), 'utf8');
  return {
    text: shown && cut(shown, limitBytes),
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    truncated: (shown ?? bytes).length > limitBytes,
  };
}

/** UTF-8 text, or `null` for bytes that are none. A body that was not read to its end may end within a character. */
function decodeText(bytes: Buffer): string | null {
  try {
    // Decoding as a stream keeps an unfinished last character back instead of refusing it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch {
    return null;
  }
}

const cut = (text: Buffer, limitBytes: number) =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(text.subarray(0, limitBytes), { stream: true });
