import { HeadersTooLargeError } from './headers-too-large.error.js';

/** More than any vendor asks for; Node's own servers read 2,000 at the most. */
export const MAX_HEADERS = 64;
/** Apache and nginx refuse a header line above 8 KiB by default. */
export const MAX_HEADER_VALUE_BYTES = 8 * 1_024;
/** Node, and most servers in front of others, refuse a request whose headers have more than 16 KiB. */
export const MAX_HEADERS_BYTES = 16 * 1_024;

/** What `: ` and the end of the line add to each header. */
const BYTES_AROUND = 4;

type Headers = Readonly<Record<string, string>>;

export const headersSizeBytes = (headers: Headers): number =>
  Object.entries(headers).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value) + BYTES_AROUND,
    0,
  );

/**
 * A record's value that was put into a header can make it larger than it was when it was configured.
 * @throws HeadersTooLargeError naming the header, never its value.
 */
export function requireBoundedHeaders(headers: Headers): void {
  for (const [name, value] of Object.entries(headers)) {
    const sizeBytes = Buffer.byteLength(value);
    if (sizeBytes > MAX_HEADER_VALUE_BYTES)
      throw new HeadersTooLargeError(`The header ${name}`, sizeBytes, MAX_HEADER_VALUE_BYTES);
  }
  const sizeBytes = headersSizeBytes(headers);
  if (sizeBytes > MAX_HEADERS_BYTES)
    throw new HeadersTooLargeError('All headers together', sizeBytes, MAX_HEADERS_BYTES);
}
