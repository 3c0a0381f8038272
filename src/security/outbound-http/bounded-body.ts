import type { Transform } from 'node:stream';
import { constants, createBrotliDecompress, createUnzip } from 'node:zlib';

export interface BoundedBody {
  readonly body: Buffer;
  readonly truncated: boolean;
}

/** Where a body comes from: it can be slowed down. */
export interface BodySource {
  pause(): void;
  resume(): void;
}

export interface BodyReading {
  /** As the answer names it; `undefined` where the body is none of its own, as in the answer to a HEAD. */
  readonly encoding: string | undefined;
  /** Bytes that are kept at the most. */
  readonly maxBytes: number;
  /** Called once, at the end or at the limit. */
  readonly done: (body: BoundedBody) => void;
  /** Called where it cannot be decompressed. */
  readonly failed: (error: Error) => void;
}

/**
 * Collects an answer's body, decompressed, until its end or the limit. What counts is the size after decompression, so a
 * small answer that unpacks to a large one is cut as well.
 */
export class BoundedBodyReader {
  private readonly decoder: Transform | null;
  private chunks: Buffer[] = [];
  private sizeBytes = 0;

  constructor(private readonly reading: BodyReading) {
    this.decoder = decoderOf(reading.encoding);
    this.decoder?.on('data', (chunk: Buffer) => this.keep(chunk));
    this.decoder?.once('end', () => this.finish());
    this.decoder?.on('error', (error) => reading.failed(error));
  }

  take(chunk: Buffer, source: BodySource): void {
    if (!this.decoder) this.keep(chunk);
    else if (!this.decoder.destroyed && !this.decoder.write(chunk)) {
      source.pause();
      this.decoder.once('drain', () => source.resume());
    }
  }

  /** The body has come in as a whole. */
  end(): void {
    if (this.decoder) this.decoder.end();
    else this.finish();
  }

  /** Nothing more is wanted. */
  drop(): void {
    this.decoder?.destroy();
    this.chunks = [];
  }

  private keep(chunk: Buffer): void {
    const { maxBytes, done } = this.reading;
    if (this.sizeBytes > maxBytes) return;
    this.chunks.push(chunk);
    this.sizeBytes += chunk.length;
    if (this.sizeBytes > maxBytes) done({ body: Buffer.concat(this.chunks, maxBytes), truncated: true });
  }

  private finish(): void {
    if (this.sizeBytes > this.reading.maxBytes) return;
    this.reading.done({ body: Buffer.concat(this.chunks, this.sizeBytes), truncated: false });
  }
}

/** Flushing at the end accepts an empty body; that a body is complete is what HTTP's own framing tells. */
function decoderOf(encoding = ''): Transform | null {
  switch (encoding.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
    case 'deflate':
      return createUnzip({ finishFlush: constants.Z_SYNC_FLUSH });
    case 'br':
      return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
    default:
      return null;
  }
}
