import { isPrimitive, isRecord, kindOf } from '../../common/primitives.js';
import type { BodyFormat } from '../../integrations/integration.js';
import { BodyFormatError } from './body-format.error.js';

interface BodyWriter {
  readonly contentType: string;
  /** @throws BodyFormatError where the value cannot be written so. */
  write(value: unknown): string;
}

/** One writer for each format; a new format is one entry. */
export const BODY_WRITERS: Readonly<Record<BodyFormat, BodyWriter>> = {
  json: { contentType: 'application/json', write: (value) => JSON.stringify(value) },
  form: { contentType: 'application/x-www-form-urlencoded', write: writeForm },
};

/** A list gives its field once for each of its values; `null` is an empty field. */
function writeForm(value: unknown): string {
  if (!isRecord(value)) throw new BodyFormatError('(body)', 'an object', kindOf(value));
  const form = new URLSearchParams();
  for (const [name, field] of Object.entries(value)) {
    for (const item of [field].flat()) {
      if (!isPrimitive(item)) throw new BodyFormatError(name, 'a primitive or a list of them', kindOf(item));
      form.append(name, String(item ?? ''));
    }
  }
  return form.toString();
}
