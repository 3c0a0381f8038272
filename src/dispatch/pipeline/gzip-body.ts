import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import type { OutgoingBody } from '../../security/outbound-http/segmented-body.js';

const gzipAtOnce = promisify(gzip);

/** The body as gzip (RFC 1952), whole, since its length must be known before it is sent. */
export function gzipped(body: OutgoingBody): Promise<Buffer> {
  if (Buffer.isBuffer(body)) return gzipAtOnce(body);
  const packed = createGzip();
  Readable.from(body.chunks(), { objectMode: false }).pipe(packed);
  return buffer(packed);
}
