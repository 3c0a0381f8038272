import { kindOf } from '../../common/primitives.js';
import { BodyFormatError } from './body-format.error.js';
import type { BodyFormatSpec } from './body-format.js';

/** The mapping's string as it is, in UTF-8: HL7 v2, CSV, or whatever else a mapping can write. */
export const TEXT_FORMAT: BodyFormatSpec = {
  files: 'none',
  write: (value) => {
    if (typeof value !== 'string') throw new BodyFormatError('(body)', 'a string', kindOf(value));
    return { contentType: 'text/plain; charset=utf-8', body: Buffer.from(value, 'utf8') };
  },
};
