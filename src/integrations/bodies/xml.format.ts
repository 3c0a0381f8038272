import XMLBuilder from 'fast-xml-builder';
import { isPrimitive, isRecord, kindOf } from '../../common/primitives.js';
import { BodyFormatError } from './body-format.error.js';
import { type BodyFormatSpec, withFiles } from './body-format.js';

/**
 * XML 1.0 in UTF-8. The value is an object with one member, the root. A member is an element, a list gives its element once
 * for each value, `null` gives an empty element; a member whose name starts with `@` is an attribute (`null`: none), and
 * `#text` is the text of an element that has attributes or elements too.
 */
export const XML_FORMAT: BodyFormatSpec = {
  files: 'in-place',
  write: (value, files) => ({ contentType: 'application/xml', body: withFiles(writeXml(value), files, 'base64') }),
};

const MAX_DEPTH = 90; // of the builder's 100

const NAME_START = String.raw`A-Z_a-z\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{2ff}\u{370}-\u{37d}\u{37f}-\u{1fff}\u{200c}-\u{200d}\u{2070}-\u{218f}\u{2c00}-\u{2fef}\u{3001}-\u{d7ff}\u{f900}-\u{fdcf}\u{fdf0}-\u{fffd}\u{10000}-\u{effff}`;
const NC_NAME = String.raw`[${NAME_START}][${NAME_START}\-.0-9\u{b7}\u{300}-\u{36f}\u{203f}-\u{2040}]*`;
/** QName (XML 1.0, section 2.3; Namespaces in XML 1.0, section 4). */
const NAME = new RegExp(`^${NC_NAME}(?::${NC_NAME})?$`, 'u');
/** What no escape can bring into XML 1.0 (section 2.2): most control characters, lone surrogates, U+FFFE and U+FFFF. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u;

/** The builder's types do not know `entities`, which a variable may have all the same. */
const OPTIONS = {
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
  entities: [
    { regex: /&/g, val: '&amp;' },
    { regex: /</g, val: '&lt;' },
    { regex: />/g, val: '&gt;' },
    { regex: /"/g, val: '&quot;' },
    { regex: /'/g, val: '&apos;' },
    // A reader would turn these into blanks or line feeds (XML 1.0, sections 2.11 and 3.3.3).
    { regex: /\r/g, val: '&#xD;' },
    { regex: /\n/g, val: '&#xA;' },
    { regex: /\t/g, val: '&#x9;' },
  ],
};
const BUILDER = new XMLBuilder(OPTIONS);

type XmlNode = string | XmlNode[] | { [name: string]: XmlNode };

function writeXml(value: unknown): string {
  if (!isRecord(value))
    throw new BodyFormatError('(body)', 'an object with one member, the root element', kindOf(value));
  const names = Object.keys(value);
  const [root = ''] = names;
  if (names.length !== 1)
    throw new BodyFormatError('(body)', 'an object with one member, the root element', `${names.length} members`);
  if (/^[@#]/.test(root)) throw new BodyFormatError(root, 'an element', 'no element');
  if (Array.isArray(value[root])) throw new BodyFormatError(root, 'one element, as the root', 'array');
  return `<?xml version="1.0" encoding="UTF-8"?>${BUILDER.build({ [checkedName(root, root)]: nodeOf(value[root], root, 1) })}`;
}

function nodeOf(value: unknown, path: string, depth: number): XmlNode {
  if (value === null || value === undefined) return '';
  if (isPrimitive(value)) return checkedText(String(value), path);
  if (depth > MAX_DEPTH) throw new BodyFormatError(path, `nested ${MAX_DEPTH} levels deep at the most`, kindOf(value));
  if (Array.isArray(value)) throw new BodyFormatError(path, 'an element or a list of them', 'a list within a list');
  if (!isRecord(value)) throw new BodyFormatError(path, 'a primitive, an object or a list', kindOf(value));
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => memberOf(name, member, `${path}.${name}`, depth)),
  );
}

function memberOf(name: string, value: unknown, path: string, depth: number): [string, XmlNode][] {
  if (name === '#text' || name.startsWith('@')) {
    if (name !== '#text') checkedName(name.slice(1), path);
    if (value === null || value === undefined) return [];
    if (!isPrimitive(value)) throw new BodyFormatError(path, 'a primitive', kindOf(value));
    return [[name, checkedText(String(value), path)]];
  }
  checkedName(name, path);
  const node = Array.isArray(value)
    ? value.map((item) => nodeOf(item, path, depth + 1))
    : nodeOf(value, path, depth + 1);
  return [[name, node]];
}

function checkedName(name: string, path: string): string {
  if (NAME.test(name)) return name;
  throw new BodyFormatError(path, 'named as XML allows (a letter or _, then letters, digits, _ . -)', 'another name');
}

function checkedText(text: string, path: string): string {
  if (!FORBIDDEN.test(text)) return text;
  throw new BodyFormatError(path, 'text that XML can hold', 'text with control characters');
}
