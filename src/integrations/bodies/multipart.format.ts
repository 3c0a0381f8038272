import { randomBytes } from 'node:crypto';
import { isPrimitive, isRecord, kindOf } from '../../common/primitives.js';
import { SegmentedBody } from '../../security/outbound-http/segmented-body.js';
import { BodyFormatError } from './body-format.error.js';
import type { BodyFormatSpec, PlacedFile } from './body-format.js';

/**
 * `multipart/form-data` (RFC 7578). Each member of the value is a part, a list gives a part for each of its values, and an
 * object or a list within a list is a part of JSON; after them each file is a part, named by its field.
 *
 * Written here, because the body must be readable twice and its size known before: neither `FormData` nor `form-data` has both.
 */
export const MULTIPART_FORMAT: BodyFormatSpec = {
  files: 'parts',
  write: (value, files) => {
    if (!isRecord(value)) throw new BodyFormatError('(body)', 'an object', kindOf(value));
    const boundary = `waybill-${randomBytes(16).toString('hex')}`;
    const fields = Object.entries(value).flatMap(([name, field]) =>
      [field].flat().map((item) => Buffer.from(fieldPart(boundary, name, item), 'utf8')),
    );
    const parts = files.flatMap((file) => [
      Buffer.from(fileHead(boundary, file), 'utf8'),
      { file, encoding: 'binary' as const },
      Buffer.from('\r\n'),
    ]);
    const body = new SegmentedBody([...fields, ...parts, Buffer.from(`--${boundary}--\r\n`)]);
    return { contentType: `multipart/form-data; boundary=${boundary}`, body };
  },
};

function fieldPart(boundary: string, name: string, item: unknown): string {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"\r\n`;
  return isPrimitive(item)
    ? `${head}\r\n${String(item ?? '')}\r\n`
    : `${head}Content-Type: application/json\r\n\r\n${JSON.stringify(item)}\r\n`;
}

function fileHead(boundary: string, { field, fileName, contentType }: PlacedFile): string {
  const disposition = `form-data; name="${escaped(field)}"; filename="${escaped(fileName ?? field)}"`;
  const type = contentType.replaceAll(/[^\x20-\x7e]/g, '');
  return `--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n`;
}

/** A name must not end its header (HTML, "multipart/form-data encoding algorithm"). */
const escaped = (name: string) => name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
