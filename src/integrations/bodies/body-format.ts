import { randomBytes } from 'node:crypto';
import {
  type BodyFile,
  type FileEncoding,
  type OutgoingBody,
  SegmentedBody,
} from '../../security/outbound-http/segmented-body.js';
import { BodyFormatError } from './body-format.error.js';

/** A file of an outgoing body, and where it goes. */
export interface PlacedFile extends BodyFile {
  /** As the integration names it: a dotted path in the body, or the name of a part. */
  readonly field: string;
  /** What stands in the file's place until the body is written. */
  readonly token: string;
}

export interface WrittenBody {
  readonly contentType: string;
  readonly body: OutgoingBody;
}

/** One way to write a body. A new one is a file like this one's siblings, plus a line in `body-formats.ts`. */
export interface BodyFormatSpec {
  /** `in-place`: a file stands as base64 where its field is. `parts`: it is a part of its own. `none`: there is no place for it. */
  readonly files: 'in-place' | 'parts' | 'none';
  /** @throws BodyFormatError where the value cannot be written so. */
  write(value: unknown, files: readonly PlacedFile[]): WrittenBody;
}

/**
 * 128 random bits, which no value of a record can hold by chance or by intent, in characters that no format escapes. Its
 * length makes it valid base64, so that a schema which asks for that is met.
 */
export const newFileToken = () => randomBytes(16).toString('hex');

/** The written text with each file in the place of its token. */
export function withFiles(text: string, files: readonly PlacedFile[], encoding: FileEncoding): OutgoingBody {
  if (files.length === 0) return Buffer.from(text, 'utf8');
  const byToken = new Map(files.map((file) => [file.token, file]));
  const parts = text.split(new RegExp(`(${[...byToken.keys()].join('|')})`));
  if (parts.length !== 2 * files.length + 1) {
    const lost = files.filter(({ token }) => !parts.includes(token)).map(({ field }) => field);
    throw new BodyFormatError(lost.join(', '), 'a field of its own for each file', 'a field within another');
  }
  return new SegmentedBody(
    parts.map((part) => {
      const file = byToken.get(part);
      return file ? { file, encoding } : Buffer.from(part, 'utf8');
    }),
  );
}
