import { type BodyFormatSpec, withFiles } from './body-format.js';

/** JSON (RFC 8259). */
export const JSON_FORMAT: BodyFormatSpec = {
  files: 'in-place',
  write: (value, files) => ({
    contentType: 'application/json',
    body: withFiles(JSON.stringify(value), files, 'base64'),
  }),
};
