import { FORM_FORMAT } from './form.format.js';
import { JSON_FORMAT } from './json.format.js';
import { MULTIPART_FORMAT } from './multipart.format.js';
import { TEXT_FORMAT } from './text.format.js';
import { XML_FORMAT } from './xml.format.js';
import type { BodyFormatSpec } from './body-format.js';

/** The one table of formats. */
const TABLE = {
  json: JSON_FORMAT,
  form: FORM_FORMAT,
  xml: XML_FORMAT,
  text: TEXT_FORMAT,
  multipart: MULTIPART_FORMAT,
};

/** How the outgoing body is written. */
export type BodyFormat = keyof typeof TABLE;

export const FORMATS: Readonly<Record<BodyFormat, BodyFormatSpec>> = TABLE;

export const BODY_FORMATS = Object.keys(FORMATS);
