import { isRecord } from './primitives.js';
import { withoutPatterns } from './redaction-patterns.js';
import { NO_RULES, normalisedName as normalised, type Part, type Side, withoutPaths } from './redaction-rules.js';

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

/** Where a tenant has rules of its own, a body is worth more. */
const MAX_WALKED_BY_RULES_CHARS = 8 * 1_048_576;

const JSON_MEMBER = /"((?:[^"\\]|\\.){1,128})"\s*:\s*("(?:[^"\\]|\\.)*"?|[[{]|[^\s,[\]{}"]+)/g;
const XML_ELEMENT = /(<([\w.:-]+)[^<>]*>)[^<]+(<)/g;

const MIN_SECRET_LENGTH = 4;

export const isSensitiveName = (name: string) => SENSITIVE_NAME.test(normalised(name));

/**
 * Hides what must not be stored: everything under a name that calls it secret, and the given secrets wherever they stand,
 * also as they look in a URL or inside JSON. Secrets under 4 characters are left: they would be found everywhere.
 */
export class Redactor {
  /** The longest first: a secret that contains another must not leave its rest behind. */
  private readonly forms: readonly string[];

  constructor(
    secrets: readonly string[] = [],
    private readonly rules = NO_RULES,
  ) {
    const forms = secrets.filter((secret) => secret.length >= MIN_SECRET_LENGTH).flatMap(formsOf);
    this.forms = [...new Set(forms)].sort((a, b) => b.length - a.length);
  }

  /** Whether it hides nothing but what every other one does. */
  get isPlain(): boolean {
    return this.forms.length === 0 && this.rules === NO_RULES;
  }

  text(text: string): string {
    const known = this.forms.reduce((redacted, form) => redacted.replaceAll(form, () => REDACTED), text);
    return this.rules.text(withoutPatterns(known, REDACTED), REDACTED);
  }

  headers(headers: Readonly<Record<string, string>>, side: Side): Record<string, string> {
    const redacted: Record<string, string> = {};
    const hidden = this.rules.pathsInto(side, 'headers').flat();
    for (const [name, value] of Object.entries(headers)) {
      const isHidden = this.isHidden(name) || (hidden.length > 0 && isNamed(hidden, name.toLowerCase()));
      redacted[name] = isHidden ? REDACTED : this.text(value);
    }
    return redacted;
  }

  /** Hides the user-info too, and the values of query parameters with sensitive names. */
  url(url: string): string {
    const [beforeFragment = '', ...fragment] = url.split('#');
    const [base = '', ...query] = beforeFragment.split('?');
    const shownBase = base.replace(/^([a-z][a-z0-9+.-]*:[\\/]{2})[^/\\]*@/i, `$1${REDACTED}@`);
    const shownQuery =
      query.length === 0 ? '' : `?${this.parameters(query.join('?'), this.rules.pathsInto('request', 'query').flat())}`;
    const shownFragment = fragment.length === 0 ? '' : `#${this.parameters(fragment.join('#'))}`;
    return this.text(`${shownBase}${shownQuery}${shownFragment}`);
  }

  /** A body as it went over the wire. One that paths lead into and that cannot be taken apart is hidden as a whole. */
  body(text: string, side: Side, contentType: string | null = null): string {
    const paths = this.rules.pathsInto(side, 'body');
    const isForm = contentType?.includes('x-www-form-urlencoded') ?? false;
    if (isForm) return this.text(this.parameters(text, paths.flat()));
    if (contentType?.includes('xml') && paths.length === 0) return this.text(text.replace(XML_ELEMENT, this.element));
    if (paths.length === 0 || text.trim() === '') return this.bodyText(text);
    try {
      const shown =
        text.length > MAX_WALKED_BY_RULES_CHARS ? REDACTED : withoutPaths(JSON.parse(text), paths, REDACTED);
      return typeof shown === 'string' ? REDACTED : JSON.stringify(this.value(shown));
    } catch {
      return REDACTED;
    }
  }

  /** A value of a part without what paths lead to; else as it is. */
  withoutPaths(value: unknown, side: Side, part: Part = 'body'): unknown {
    const paths = this.rules.pathsInto(side, part);
    if (paths.length > 0 && typeof value === 'string') return REDACTED;
    return withoutPaths(value, paths, REDACTED);
  }

  /** A body as it went over the wire. Only JSON that may hold something to hide is taken apart and written anew. */
  bodyText(text: string): string {
    if (!/^\s*[[{]/.test(text) || !this.mayHide(text)) return this.text(text);
    const maxChars = this.rules.walksEveryBody ? MAX_WALKED_BY_RULES_CHARS : MAX_WALKED_CHARS;
    try {
      if (text.length <= maxChars) return JSON.stringify(this.value(JSON.parse(text)));
    } catch {
      // It breaks off, or is no JSON after all.
    }
    return this.text(this.membersIn(text));
  }

  private mayHide(json: string): boolean {
    return this.rules.walksEveryBody || mayNameSecrets(json) || withoutPatterns(json, REDACTED) !== json;
  }

  private isHidden(name: string): boolean {
    return isSensitiveName(name) || this.rules.isHiddenName(name);
  }

  private parameters(text: string, paths: readonly string[] = []): string {
    return text
      .split('&')
      .map((parameter) => this.parameter(parameter, paths))
      .join('&');
  }

  private parameter(parameter: string, paths: readonly string[]): string {
    const equals = parameter.indexOf('=');
    if (equals < 0) return parameter;
    const name = parameter.slice(0, equals);
    const plainName = decoded(name);
    const value = decoded(parameter.slice(equals + 1).replaceAll('+', ' '));
    const isHidden = this.isHidden(plainName) || isNamed(paths, plainName) || this.text(value) !== value;
    return isHidden ? `${name}=${REDACTED}` : parameter;
  }

  private readonly element = (whole: string, start: string, name: string, end: string) =>
    this.isHidden(name.replace(/^.*:/, '')) ? `${start}${REDACTED}${end}` : whole;

  /** In JSON that cannot be taken apart; what follows a hidden name and is no primitive is cut off with all the rest. */
  private membersIn(text: string): string {
    let shown = '';
    let done = 0;
    for (const { 0: whole, 1: name = '', 2: value = '', index } of text.matchAll(JSON_MEMBER)) {
      if (!this.isHidden(unescaped(name))) continue;
      shown += text.slice(done, index + whole.length - value.length);
      if (/^[[{]/.test(value)) return `${shown}"${REDACTED}"`;
      shown += `"${REDACTED}"`;
      done = index + whole.length;
    }
    return shown + text.slice(done);
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
      if (typeof current === 'number') return this.text(String(current)) === String(current) ? current : REDACTED;
      if (typeof current === 'bigint') return this.text(String(current));
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
        this.isHidden(key) ? REDACTED : walk(readable(record, key), depth + 1),
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

const isNamed = (names: readonly string[], name: string) => names.some((one) => one === name || /^\*\*?$/.test(one));

function unescaped(name: string): string {
  try {
    return String(JSON.parse(`"${name}"`));
  } catch {
    return name;
  }
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
