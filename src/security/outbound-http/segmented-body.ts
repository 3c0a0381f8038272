import { createHash } from 'node:crypto';

/** A file within a body. It is held once, as the bytes that its provider gave. */
export interface BodyFile {
  readonly chunks: readonly Buffer[];
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly fileName: string | null;
}

/** How a file is written: as it is, in base64 (RFC 4648, section 4), or in base64 that stands in a form. */
export type FileEncoding = 'binary' | 'base64' | 'form-base64';

type Segment = Buffer | { readonly file: BodyFile; readonly encoding: FileEncoding };

/** A body as it is sent: in one piece, or with files that are encoded while they are sent. */
export type OutgoingBody = Buffer | SegmentedBody;

/** Of a file, so much is encoded at a time: a multiple of 3 bytes, which base64 turns into 64 KiB. */
const STEP_BYTES = 49_152;

/**
 * A body that is made while it is read, so that a file in it takes its own size in memory and not that of its base64 as
 * well. It can be read as often as needed: for its signature, for sending, for its hash.
 */
export class SegmentedBody {
  /** Bytes of the whole, known before it is read. */
  readonly sizeBytes: number;

  constructor(private readonly segments: readonly Segment[]) {
    this.sizeBytes = segments.reduce((sum, segment) => sum + sizeOf(segment), 0);
  }

  *chunks(): Generator<Buffer> {
    for (const piece of this.pieces()) yield Buffer.isBuffer(piece) ? piece : Buffer.from(piece, 'latin1');
  }

  sha256(): string {
    const hash = createHash('sha256');
    // Base64 is hashed as it comes: a buffer for each piece would be a second copy of the body for the collector.
    for (const piece of this.pieces()) hash.update(piece);
    return hash.digest('hex');
  }

  /** The body's text with a note of type, size and hash in the place of each file. */
  outline(): string {
    const parts = this.segments.map((segment) =>
      Buffer.isBuffer(segment) ? segment.toString() : noteOf(segment.file),
    );
    return parts.join('');
  }

  private *pieces(): Generator<Buffer | string> {
    for (const segment of this.segments) {
      if (Buffer.isBuffer(segment)) yield segment;
      else yield* encoded(segment.file, segment.encoding);
    }
  }
}

function sizeOf(segment: Segment): number {
  if (Buffer.isBuffer(segment)) return segment.length;
  const { file, encoding } = segment;
  if (encoding === 'binary') return file.sizeBytes;
  if (encoding === 'base64') return 4 * Math.ceil(file.sizeBytes / 3);
  let sizeBytes = 0;
  for (const chunk of encoded(file, encoding)) sizeBytes += chunk.length;
  return sizeBytes;
}

/** A file's bytes, or text of ASCII. */
function* encoded({ chunks }: BodyFile, encoding: FileEncoding): Generator<Buffer | string> {
  if (encoding === 'binary') {
    yield* chunks;
    return;
  }
  for (const step of stepsOf(chunks)) {
    const base64 = step.toString('base64');
    yield encoding === 'base64' ? base64 : base64.replaceAll(/[+/=]/g, encodeURIComponent);
  }
}

/** The same bytes cut anew: each piece but the last has a multiple of 3 of them, so that their base64 can be joined. */
function* stepsOf(chunks: readonly Buffer[]): Generator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (const chunk of chunks) {
    let from = 0;
    if (rest.length > 0) {
      from = Math.min(chunk.length, 3 - rest.length);
      rest = Buffer.concat([rest, chunk.subarray(0, from)]);
      if (rest.length < 3) continue;
      yield rest;
    }
    const whole = from + (chunk.length - from) - ((chunk.length - from) % 3);
    for (; from < whole; from += STEP_BYTES) yield chunk.subarray(from, Math.min(whole, from + STEP_BYTES));
    rest = chunk.subarray(whole);
  }
  if (rest.length > 0) yield rest;
}

function noteOf({ chunks, sizeBytes, contentType, fileName }: BodyFile): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  const named = [fileName, contentType].filter((text) => text !== null).join(', ');
  // What would end a string of JSON or a text of XML must not stand in the note.
  const shown = named.replaceAll(/["\\<>&\p{Cc}]/gu, '_');
  return `[file: ${shown}, ${sizeBytes} bytes, sha256 ${hash.digest('hex')}]`;
}
