import { createHash, createHmac, type Hmac } from 'node:crypto';
import { equalInConstantTime } from './equal-in-constant-time.js';
import {
  piecesOf,
  type SignableBody,
  type SignableMessage,
  type SignatureScheme,
  unixSeconds,
} from './signature-scheme.js';

export const HMAC_ALGORITHMS = ['sha256', 'sha512', 'sha1'] as const;
export const HMAC_ENCODINGS = ['hex', 'base64'] as const;
export const KEY_ENCODINGS = ['utf8', 'hex', 'base64'] as const;
export const TIMESTAMP_FORMATS = ['seconds', 'milliseconds', 'iso'] as const;

/** How a vendor of its own mind signs: HMAC (RFC 2104) over a text with parts of the request in it. */
export interface HmacDeclaration {
  readonly algorithm: (typeof HMAC_ALGORITHMS)[number];
  readonly encoding: (typeof HMAC_ENCODINGS)[number];
  /** Stands before the signature: `sha256=`. */
  readonly prefix: string;
  /** What is signed, with `{{part}}` of {@link SIGNABLE_PARTS} in it. */
  readonly template: string;
  readonly timestampFormat: (typeof TIMESTAMP_FORMATS)[number];
  /** How the secret's bytes are written. */
  readonly keyEncoding: (typeof KEY_ENCODINGS)[number];
}

const PARTS: Readonly<Record<string, (message: SignableMessage, time: string) => SignableBody>> = {
  method: ({ method }) => method,
  path: ({ target }) => target,
  timestamp: (_message, time) => time,
  body: ({ body }) => body,
  /** Lower-case hex, as AWS and its followers write it. */
  bodySha256: ({ body }) => {
    const hash = createHash('sha256');
    for (const piece of piecesOf(body)) hash.update(piece);
    return hash.digest('hex');
  },
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
    const hmac = createHmac(declaration.algorithm, Buffer.from(secret, declaration.keyEncoding));
    signInto(hmac, declaration, message);
    return `${declaration.prefix}${hmac.digest(declaration.encoding)}`;
  };
  return { sign, verify: (message, key, signature) => equalInConstantTime(signature, sign(message, key)) };
}

/** A body may be bytes that are no text, so the parts are signed one after another and never joined. */
function signInto(hmac: Hmac, declaration: HmacDeclaration, message: SignableMessage): void {
  const time = writtenTime(declaration, message.sentAt);
  // With a group in the pattern, `split` gives texts and names in turn.
  for (const [index, piece] of declaration.template.split(PLACEHOLDER).entries())
    for (const bytes of piecesOf(index % 2 === 0 ? piece : (PARTS[piece]?.(message, time) ?? ''))) hmac.update(bytes);
}
