import {
  type HmacTemplate,
  partsIn,
  sha256Hex,
  templatedHmac,
  type TIMESTAMP_FORMATS,
} from '../../security/signatures/declared-hmac.scheme.js';
import { equalInConstantTime } from '../../security/signatures/equal-in-constant-time.js';
import type { SignableBody } from '../../security/signatures/signature-scheme.js';
import { mismatchReason } from './mismatch-reason.js';
import { headerOf, type RawRequest, targetOf } from './raw-request.js';
import { readTimestamp } from './timestamp.js';
import { refused, type Verified } from './verification-scheme.js';

/** How a vendor signs by HMAC, as data. Header names are in any case. */
export interface HmacRules extends HmacTemplate {
  /** The header with the signature. */
  readonly header: string;
  /** The name of the signatures in it, where it is a list such as `t=1614265330,v1=5257a8...`; each of them may be good. */
  readonly signatureField?: string;
  readonly timestampHeader?: string;
  /** The name of the time in such a list. */
  readonly timestampField?: string;
  readonly timestampFormat: (typeof TIMESTAMP_FORMATS)[number];
  /** How far the time may lie from ours, before and after. */
  readonly toleranceSeconds: number;
  readonly idHeader?: string;
}

interface SignedParts {
  readonly request: RawRequest;
  /** As it was written. */
  readonly timestamp: string;
  readonly id: string;
}

const PARTS: Readonly<Record<string, (parts: SignedParts, body: Buffer) => SignableBody>> = {
  method: ({ request }) => request.method,
  path: ({ request }) => targetOf(request),
  url: ({ request }) => request.url,
  timestamp: ({ timestamp }) => timestamp,
  body: (_parts, body) => body,
  bodySha256: (_parts, body) => sha256Hex(body),
  id: ({ id }) => id,
};

/** What a template may hold. `path` has its query. */
export const VERIFIABLE_PARTS = Object.keys(PARTS);

/** Whether one of the secrets made one of the signatures of the request, within the tolerated time. */
export function verifyByHmac(rules: HmacRules, request: RawRequest, secrets: readonly string[]): Verified {
  const header = headerOf(request, rules.header);
  if (header === null) return refused(`header ${rules.header.toLowerCase()} is missing`);
  const signatures = signaturesIn(rules, header);
  if (typeof signatures === 'string') return refused(signatures);
  const time = timeOf(rules, request, header);
  if (!time.ok) return refused(time.reason);
  const id = rules.idHeader === undefined ? '' : headerOf(request, rules.idHeader);
  if (id === null) return refused(`header ${rules.idHeader?.toLowerCase()} is missing`);
  const parts = { request, timestamp: time.text, id };
  const fits = (body: Buffer) => isSignedBy(rules, parts, body, secrets, signatures);
  if (!fits(request.body)) return refused(mismatchReason(request.body, partsIn(rules.template), fits));
  return id === '' ? { ok: true } : { ok: true, eventId: id };
}

/** Compares all with all, so that the time does not tell which secret it was. */
function isSignedBy(
  rules: HmacRules,
  parts: SignedParts,
  body: Buffer,
  secrets: readonly string[],
  signatures: readonly string[],
): boolean {
  const expected = secrets.map((secret) => templatedHmac(rules, (name) => PARTS[name]?.(parts, body) ?? '', secret));
  return expected.flatMap((good) => signatures.map((sent) => equalInConstantTime(sent, good))).includes(true);
}

/** The signatures with their prefixes, or what is wrong with the header. */
function signaturesIn(
  { header: name, signatureField, prefix, encoding }: HmacRules,
  header: string,
): string[] | string {
  const written = signatureField === undefined ? [header] : fieldsOf(header, signatureField);
  if (written.length === 0) return `header ${name.toLowerCase()} holds no ${signatureField}=`;
  const signatures = written.filter((text) => text.startsWith(prefix));
  if (signatures.length === 0) return `the signature in ${name.toLowerCase()} must start with ${prefix}`;
  // RFC 4648 lets base64url go with its padding or without.
  return encoding === 'base64url' ? signatures.map((text) => text.replace(/=+$/, '')) : signatures;
}

type TimeOfRequest = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

function timeOf(rules: HmacRules, request: RawRequest, header: string): TimeOfRequest {
  const { timestampHeader, timestampField, timestampFormat: format, toleranceSeconds, header: name } = rules;
  if (timestampHeader === undefined && timestampField === undefined) return { ok: true, text: '' };
  const [text, ...others] =
    timestampField === undefined ? headerTexts(request, timestampHeader) : fieldsOf(header, timestampField);
  if (text === undefined)
    return {
      ok: false,
      reason:
        timestampField === undefined
          ? `header ${timestampHeader?.toLowerCase()} is missing`
          : `header ${name.toLowerCase()} holds no ${timestampField}=`,
    };
  if (others.length > 0) return { ok: false, reason: `header ${name.toLowerCase()} holds several ${timestampField}=` };
  const read = readTimestamp(text, { format, toleranceSeconds }, request.receivedAt);
  return read.ok ? { ok: true, text } : read;
}

const headerTexts = (request: RawRequest, name = ''): string[] => [headerOf(request, name)].filter((it) => it !== null);

/** The values of one name in `t=1614265330,v1=5257a8...,v1=6ffbb5...`. */
const fieldsOf = (header: string, name: string): string[] =>
  header
    .split(',')
    .map((field) => field.replace(/^ +/, ''))
    .filter((field) => field.startsWith(`${name}=`))
    .map((field) => field.slice(name.length + 1));
