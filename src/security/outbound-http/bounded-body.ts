import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { constants, createBrotliDecompress, createUnzip } from 'node:zlib';

export interface BoundedBody {
  readonly body: Buffer;
  readonly truncated: boolean;
}

/**
 * Reads an answer's body, decompressed, until its end or the limit; at the limit the socket is destroyed. What counts is
 * the size after decompression, so a small answer that unpacks to a large one is cut as well.
 */
export function readBoundedBody(response: IncomingMessage, method: string, maxBytes: number): Promise<BoundedBody> {
  const decoder = method.toUpperCase() === 'HEAD' ? null : decoderOf(response.headers['content-encoding']);
  // An error on either side reaches the reader of the decoder.
  return readBounded(decoder === null ? response : pipeline(response, decoder, () => {}), maxBytes);
}

/** Flushing at the end accepts an empty body; that a body is complete is what HTTP's own framing tells. */
function decoderOf(encoding: string | undefined) {
  switch ((encoding ?? '').trim().toLowerCase()) {
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

function readBounded(stream: Readable, maxBytes: number): Promise<BoundedBody> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    stream.on('data', (chunk: Buffer) => {
      if (sizeBytes > maxBytes) return;
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes <= maxBytes) return;
      resolve({ body: Buffer.concat(chunks, maxBytes), truncated: true });
      stream.destroy();
    });
    stream.once('end', () => resolve({ body: Buffer.concat(chunks, sizeBytes), truncated: false }));
    stream.on('error', reject);
    stream.once('close', () => {
      if (!stream.readableEnded) reject(new Error('The answer broke off'));
    });
  });
}
