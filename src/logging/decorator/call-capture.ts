import { type ContextData, isPrimitive, isRecord } from '../../common/primitives.js';
import { isSensitiveName, REDACTED, Redactor } from '../../common/redaction.js';
import { CALL_BODY_BYTES, captureBody } from '../body-capture.js';
import type { CapturedBody, CapturedRequest } from '../integration-log.js';
import type { CallSource } from './call-source.js';
import { HiddenParts } from './hidden-parts.js';
import type { IntegrationLoggerOptions } from './integration-logger.options.js';
import { isTransport } from './plain-source.js';

/** No secret is known of a host's own call: names and places alone say what to hide. */
const REDACTOR = new Redactor();

const MAX_ID_CHARS = 256;
const ID_NAME = /^[A-Za-z_]\w{0,62}Id$/;

/** What came in: redacted, and as it was before the method could change it. */
export interface CapturedCall {
  readonly request: CapturedRequest;
  /** The ids that a log is found by where nothing else is said. */
  readonly ids: ContextData;
}

/** Makes of what a call takes and gives what may be stored of it. */
export class CallCapture {
  private readonly hidden: HiddenParts;

  constructor(private readonly options: IntegrationLoggerOptions) {
    this.hidden = new HiddenParts(options.redact);
  }

  call(source: CallSource): CapturedCall {
    const parts = this.shown(source.parts);
    const { method, contentType, clientIp } = source;
    const request = {
      method,
      url: this.url(source.url),
      headers: this.headers(source.headers),
      body: captured(source.bodyOf(parts), contentType),
      ...(clientIp === undefined ? {} : { clientIp }),
    };
    return { request, ids: idsOf(source.idsIn(parts)) };
  }

  /** What a method has answered, as its options keep it. */
  result(result: unknown): CapturedBody | null {
    const { keep = 'all' } = this.options;
    if (keep === 'none') return null;
    try {
      const kept = typeof keep === 'function' ? keep(result) : result;
      return captured(this.shown({ result: isTransport(kept) ? '[stream]' : kept })['result'], null);
    } catch (error) {
      return captured(`(not kept: ${String(error)})`, null);
    }
  }

  /** What was answered although the method gave no result: of an error, or written by the method itself. */
  answer(body: unknown, contentType: string | null = null): CapturedBody | null {
    if (this.options.keep === 'none') return null;
    return captured(this.shown({ result: body })['result'], contentType);
  }

  private headers(headers: Readonly<Record<string, string>>): Record<string, string> {
    const entries = Object.entries(REDACTOR.headers(headers, 'request'));
    return Object.fromEntries(entries.map(([name, value]) => [name, this.hidden.hidesName(name) ? REDACTED : value]));
  }

  private url(url: string): string {
    const [path = '', query] = REDACTOR.url(url).split('?', 2);
    if (query === undefined) return path;
    const parameters = query.split('&').map((parameter) => {
      const [name = ''] = parameter.split('=', 1);
      return this.hidden.hidesName(decoded(name)) ? `${name}=${REDACTED}` : parameter;
    });
    return `${path}?${parameters.join('&')}`;
  }

  private shown(parts: Readonly<Record<string, unknown>>): Record<string, unknown> {
    try {
      const copy = REDACTOR.value({ ...parts });
      if (!isRecord(copy)) return {};
      this.hidden.hideIn(copy);
      return copy;
    } catch (error) {
      const why = `(not readable: ${String(error)})`;
      return Object.fromEntries(Object.keys(parts).map((name) => [name, why]));
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What can be shown of a value as JSON; whatever cannot be serialised is said, never thrown. */
function captured(value: unknown, contentType: string | null): CapturedBody | null {
  if (value === undefined) return null;
  // A body that was text came over the wire without quotes.
  const isText = typeof value === 'string' && contentType !== null;
  try {
    return captureBody(isText ? value : (JSON.stringify(value) ?? null), CALL_BODY_BYTES, undefined, contentType);
  } catch (error) {
    return captureBody(`(not serialisable: ${String(error)})`, CALL_BODY_BYTES);
  }
}

/** Every direct `...Id` of those that are objects: primitives of moderate length that nothing hides. */
function idsOf(values: readonly unknown[]): ContextData {
  const entries = values.filter(isRecord).flatMap((value) => Object.entries(value));
  return Object.fromEntries(
    entries.flatMap(([name, value]) =>
      ID_NAME.test(name) && !isSensitiveName(name) && value !== REDACTED && isPrimitive(value) && isShort(value)
        ? [[name, value]]
        : [],
    ),
  );
}

const isShort = (value: unknown) => String(value).length <= MAX_ID_CHARS;
