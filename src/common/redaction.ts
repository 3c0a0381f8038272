import { isRecord } from './primitives.js';

/** Stands for whatever was hidden. */
export const REDACTED = '***';

/** Parts of a name that make it a secret's wherever they stand in it, and names that do so only as a whole. */
const SENSITIVE_PARTS =
  'authorization|password|passwd|passphrase|secret|token|apikey|accesskey|privatekey|signingkey|credential|cookie|sessionid|signature';
const SENSITIVE_WHOLES = 'auth|pin|cvv2?|cvc|ssn';
const SENSITIVE_NAME = new RegExp(`${SENSITIVE_PARTS}|otp$|^(?:${SENSITIVE_WHOLES})$`);
/** Finds any such name in a JSON text, and now and then something else. */
const SENSITIVE_NAME_IN_JSON = new RegExp(`${SENSITIVE_PARTS}|otp"|"(?:${SENSITIVE_WHOLES})"`);

/** Nesting and values that a walk looks at; what lies beyond is cut off, never passed through. */
const MAX_DEPTH = 32;
const MAX_VALUES = 50_000;
const CUT_OFF = '[cut off]';

/** Longer bodies hold files: taking them apart would cost more than it hides. */
const MAX_WALKED_CHARS = 1_048_576;

const MIN_SECRET_LENGTH = 4;

/** Compared without case, dashes, underscores, dots and blanks. */
const normalised = (text: string) => text.toLowerCase().replace(/[-_.\s]/g, '');

export const isSensitiveName = (name: string) => SENSITIVE_NAME.test(normalised(name));

/**
 * Hides what must not be stored: everything under a name that calls it secret, and the given secrets wherever they stand,
 * also as they look in a URL or inside JSON. Secrets under 4 characters are left: they would be found everywhere.
 */
export class Redactor {
  /** The longest first: a secret that contains another must not leave its rest behind. */
  private readonly forms: readonly string[];

  constructor(secrets: readonly string[] = []) {
    const forms = secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH).flatMap(formsOf);
    this.forms = [...new Set(forms)].sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    return this.forms.reduce((redacted, form) => redacted.replaceAll(form, () => REDACTED), text);
  }

  headers(headers: Readonly<Record<string, string>>): Record<string, string> {
    const redacted: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      redacted[name] = isSensitiveName(name) ? REDACTED : this.text(value);
    }
    return redacted;
  }

  /** Hides the user-info too, and the values of query parameters with sensitive names. */
  url(url: string): string {
    const [beforeFragment = '', ...fragment] = url.split('#');
    const [base = '', ...query] = beforeFragment.split('?');
    const shownBase = base.replace(/^([a-z][a-z0-9+.-]*:[\\/]{2})[^/\\]*@/i, `$1${REDACTED}@`);
    const shownQuery = query.length === 0 ? '' : `?${query.join('?').split('&').map(redactParameter).join('&')}`;
    const shownFragment =
      fragment.length === 0 ? '' : `#${fragment.join('#').split('&').map(redactParameter).join('&')}`;
    return this.text(`${shownBase}${shownQuery}${shownFragment}`);
  }

  /** A body as it went over the wire. Only JSON that may hold something to hide is taken apart and written anew. */
  bodyText(text: string): string {
    if (text.length > MAX_WALKED_CHARS || !/^\s*[[{]/.test(text) || !mayNameSecrets(text)) return this.text(text);
    try {
      return JSON.stringify(this.value(JSON.parse(text)));
    } catch {
      return this.text(text);
    }
  }

  /**
   * A copy of JSON-like data. Dates and what else knows its JSON form come as that; functions are left out; very deep or
   * large data is cut off.
   */
  value(value: unknown): unknown {
    let values = 0;

    const walk = (current: unknown, depth: number): unknown => {
      values += 1;
      if (depth > MAX_DEPTH || values > MAX_VALUES) return CUT_OFF;
      // An echo often holds the body that it got as a text.
      if (typeof current === 'string') return this.bodyText(current);
      if (typeof current === 'bigint') return String(current);
      if (typeof current === 'function' || typeof current === 'symbol') return undefined;
      if (ArrayBuffer.isView(current)) return `[${current.byteLength} bytes]`;
      if (Array.isArray(current)) return current.map((item) => walk(item, depth + 1));
      return isRecord(current) ? walkRecord(current, depth) : current;
    };

    const walkRecord = (record: Record<string, unknown>, depth: number): unknown => {
      const json = ownJson(record);
      if (json !== record) return walk(json, depth + 1);
      if (record instanceof Error) return { name: record.name, message: this.text(record.message) };
      const entries = Object.keys(record).map((key) => [
        this.text(key),
        isSensitiveName(key) ? REDACTED : walk(readable(record, key), depth + 1),
      ]);
      return Object.fromEntries(entries);
    };

    return walk(value, 0);
  }
}

/** An escaped name could hide from the search: what holds a backslash is taken apart. */
const mayNameSecrets = (json: string) => json.includes('\\') || SENSITIVE_NAME_IN_JSON.test(normalised(json));

const formsOf = (secret: string) => {
  const encoded = encodeURIComponent(Buffer.from(secret).toString());
  // A query is encoded by other rules than a path (WHATWG URL, section 5.2): `~` and `!` differ.
  const inQuery = new URLSearchParams({ '': secret }).toString().slice(1);
  // A redirect may carry the URL that was called in its own query.
  const encodedTwice = [encoded, inQuery].map((form) => encodeURIComponent(form));
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, encoded, encoded.replaceAll('%20', '+'), inQuery, ...encodedTwice, inJson];
};

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
