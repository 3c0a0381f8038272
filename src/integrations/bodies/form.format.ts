import { isPrimitive, isRecord, kindOf } from '../../common/primitives.js';
import { BodyFormatError } from './body-format.error.js';
import { type BodyFormatSpec, withFiles } from './body-format.js';

/** `application/x-www-form-urlencoded` (WHATWG URL, section 5). A list gives its field once for each of its values; `null` is an empty field. */
export const FORM_FORMAT: BodyFormatSpec = {
  files: 'in-place',
  write: (value, files) => ({
    contentType: 'application/x-www-form-urlencoded',
    body: withFiles(writeForm(value), files, 'form-base64'),
  }),
};

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
