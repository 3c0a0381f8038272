import { isRecord } from './primitives.js';

/** Stands for whatever was hidden. */
export const REDACTED = '***';

/** Compared without case, dashes, underscores, dots and blanks; a name that contains one of them is hidden. */
const SENSITIVE_NAMES =
  /authorization|password|passwd|passphrase|secret|token|apikey|accesskey|privatekey|signingkey|credential|cookie|sessionid|signature|otp$|^auth$|^pin$|^cvv2?$|^cvc$|^ssn$/;

/** Nesting and values that a walk looks at; what lies beyond is cut off, never passed through. */
const MAX_DEPTH = 32;
const MAX_VALUES = 50_000;
const CUT_OFF = '[cut off]';

/** Secrets shorter than this are not searched for in text: they would be found everywhere. */
const MIN_SECRET_LENGTH = 4;

export const isSensitiveName = (name: string) => SENSITIVE_NAMES.test(name.toLowerCase().replace(/[-_.\s]/g, ''));

/** Replaces every occurrence of the secrets, also as they look in a URL or inside JSON. Those under 4 characters are left. */
export function redactText(text: string, secrets: readonly string[]): string {
  const forms = secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH).flatMap(formsOf);
  // The longest first: a secret that contains another must not leave its rest behind.
  const ordered = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return ordered.reduce((redacted, form) => redacted.replaceAll(form, () => REDACTED), text);
}

const formsOf = (secret: string) => {
  const encoded = encodeURIComponent(Buffer.from(secret).toString());
  // A query is encoded by other rules than a path (WHATWG URL, section 5.2): `~` and `!` differ.
  const inQuery = new URLSearchParams({ '': secret }).toString().slice(1);
  return [secret, encoded, encoded.replaceAll('%20', '+'), inQuery, JSON.stringify(secret).slice(1, -1)];
};

/** Hides the values of headers that carry credentials, and known secrets in all others. */
export function redactHeaders(
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[] = [],
): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    isSensitiveName(name) ? REDACTED : redactText(value, secrets),
  ]);
  return Object.fromEntries(entries);
}

/** Hides the user-info, the values of query parameters with sensitive names, and known secrets anywhere. */
export function redactUrl(url: string, secrets: readonly string[]): string {
  const [beforeFragment = '', ...fragment] = url.split('#');
  const [base = '', ...query] = beforeFragment.split('?');
  const shownBase = base.replace(/^([a-z][a-z0-9+.-]*:[\\/]{2})[^/\\]*@/i, `$1${REDACTED}@`);
  const shownQuery = query.length === 0 ? '' : `?${query.join('?').split('&').map(redactParameter).join('&')}`;
  const shownFragment = fragment.length === 0 ? '' : `#${fragment.join('#').split('&').map(redactParameter).join('&')}`;
  return redactText(`${shownBase}${shownQuery}${shownFragment}`, secrets);
}

function redactParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  if (equals < 0) return parameter;
  const name = parameter.slice(0, equals);
  return isSensitiveName(decoded(name)) ? `${name}=${REDACTED}` : parameter;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * A copy of JSON-like data in which the values under sensitive names are hidden, and known secrets in all strings. Dates
 * and what else knows its JSON form come as that; functions are left out; very deep or large data is cut off.
 */
export function redactBody(value: unknown, secrets: readonly string[] = []): unknown {
  let values = 0;

  const walk = (current: unknown, depth: number): unknown => {
    values += 1;
    if (depth > MAX_DEPTH || values > MAX_VALUES) return CUT_OFF;
    if (typeof current === 'string') return redactText(current, secrets);
    if (typeof current === 'bigint') return String(current);
    if (typeof current === 'function' || typeof current === 'symbol') return undefined;
    if (ArrayBuffer.isView(current)) return `[${current.byteLength} bytes]`;
    if (Array.isArray(current)) return current.map((item) => walk(item, depth + 1));
    return isRecord(current) ? walkRecord(current, depth) : current;
  };

  const walkRecord = (record: Record<string, unknown>, depth: number): unknown => {
    const json = ownJson(record);
    if (json !== record) return walk(json, depth + 1);
    if (record instanceof Error) return { name: record.name, message: redactText(record.message, secrets) };
    const entries = Object.keys(record).map((key) => [
      redactText(key, secrets),
      isSensitiveName(key) ? REDACTED : walk(readable(record, key), depth + 1),
    ]);
    return Object.fromEntries(entries);
  };

  return walk(value, 0);
}

function ownJson(record: Record<string, unknown>): unknown {
  try {
    return typeof record['toJSON'] === 'function' ? record['toJSON']() : record;
  } catch {
    return CUT_OFF;
  }
}

function readable(record: Record<string, unknown>, key: string): unknown {
  try {
    return record[key];
  } catch {
    return CUT_OFF;
  }
}
