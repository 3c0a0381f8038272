import { finished, type Readable } from 'node:stream';
import { OperationTimeoutError } from '../../common/operation-timeout.error.js';

/** A caller that sends slower than this keeps a connection that others need. */
const BODY_WITHIN_MS = 20_000;

/**
 * Reads a stream to its end. `admit` is told the size of each piece that comes, and throws where no more is taken: nothing is
 * read after that, and what was read is let go.
 */
export function collectBody(stream: Readable, admit: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const settle = (error?: unknown) => {
      clearTimeout(timer);
      forget();
      stream.off('data', take);
      if (!error) return resolve(Buffer.concat(chunks));
      stream.pause();
      reject(error);
    };
    const take = (chunk: Buffer) => {
      try {
        admit(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        settle(error);
      }
    };
    const timer = setTimeout(
      () => settle(new OperationTimeoutError('Reading the body', BODY_WITHIN_MS)),
      BODY_WITHIN_MS,
    );
    const forget = finished(stream, { writable: false }, settle);
    stream.on('data', take);
  });
}
