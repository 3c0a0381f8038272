import { createHash, createHmac } from 'node:crypto';
import { equalInConstantTime } from './equal-in-constant-time.js';
import {
  piecesOf,
  type SignableBody,
  type SignableMessage,
  type SignatureScheme,
  unixSeconds,
} from './signature-scheme.js';

export const HMAC_ALGORITHMS = ['sha256', 'sha384', 'sha512', 'sha1'] as const;
export const HMAC_ENCODINGS = ['hex', 'base64', 'base64url'] as const;
export const KEY_ENCODINGS = ['utf8', 'hex', 'base64'] as const;
export const TIMESTAMP_FORMATS = ['seconds', 'milliseconds', 'iso'] as const;

/** HMAC (RFC 2104) over a text with parts of a request in it. */
export interface HmacTemplate {
  readonly algorithm: (typeof HMAC_ALGORITHMS)[number];
  readonly encoding: (typeof HMAC_ENCODINGS)[number];
  /** Stands before the signature: `sha256=`. */
  readonly prefix: string;
  /** What is signed, with `{{part}}` in it. */
  readonly template: string;
  /** How the secret's bytes are written. */
  readonly keyEncoding: (typeof KEY_ENCODINGS)[number];
}

/** How a vendor of its own mind signs. Its template holds parts of {@link SIGNABLE_PARTS}. */
export interface HmacDeclaration extends HmacTemplate {
  readonly timestampFormat: (typeof TIMESTAMP_FORMATS)[number];
}

const PARTS: Readonly<Record<string, (message: SignableMessage, time: string) => SignableBody>> = {
  method: ({ method }) => method,
  path: ({ target }) => target,
  timestamp: (_message, time) => time,
  body: ({ body }) => body,
  bodySha256: ({ body }) => sha256Hex(body),
  id: ({ id }) => id,
};

export const SIGNABLE_PARTS = Object.keys(PARTS);

const TIMES: Readonly<Record<HmacDeclaration['timestampFormat'], (time: Date) => string>> = {
  seconds: unixSeconds,
  milliseconds: (time) => String(time.getTime()),
  iso: (time) => time.toISOString(),
};

/** A time as the scheme writes it, in its header and in what is signed. */
export const writtenTime = ({ timestampFormat }: Pick<HmacDeclaration, 'timestampFormat'>, time: Date) =>
  TIMES[timestampFormat](time);

/** The names in the `{{ }}` of a template. */
export const partsIn = (template: string) => [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);

const PLACEHOLDER = /\{\{\s*(\w*)\s*\}\}/g;

export function declaredHmac(declaration: HmacDeclaration): SignatureScheme {
  const sign = (message: SignableMessage, secret: string): string => {
    const time = writtenTime(declaration, message.sentAt);
    return templatedHmac(declaration, (part) => PARTS[part]?.(message, time) ?? '', secret);
  };
  return { sign, verify: (message, key, signature) => equalInConstantTime(signature, sign(message, key)) };
}

/**
 * The signature as it stands in its header. A body may be bytes that are no text, so the parts are signed one after another
 * and never joined.
 */
export function templatedHmac(declared: HmacTemplate, part: (name: string) => SignableBody, secret: string): string {
  const hmac = createHmac(declared.algorithm, Buffer.from(secret, declared.keyEncoding));
  // With a group in the pattern, `split` gives texts and names in turn.
  for (const [index, piece] of declared.template.split(PLACEHOLDER).entries())
    for (const bytes of piecesOf(index % 2 === 0 ? piece : part(piece))) hmac.update(bytes);
  return `${declared.prefix}${hmac.digest(declared.encoding)}`;
}

/** In lower case, as AWS and its followers write it. */
export function sha256Hex(body: SignableBody): string {
  const hash = createHash('sha256');
  for (const piece of piecesOf(body)) hash.update(piece);
  return hash.digest('hex');
}

/** Whether all of a key is in its encoding: Node drops what it cannot decode and would sign with a shorter one. */
export function isKeyWritten(key: string, encoding: HmacTemplate['keyEncoding']): boolean {
  const bytes = Buffer.from(key, encoding);
  if (encoding === 'utf8') return bytes.length > 0;
  const written = encoding === 'hex' ? key.toLowerCase() : key.replace(/=+$/, '');
  return bytes.length > 0 && bytes.toString(encoding).replace(/=+$/, '') === written;
}
