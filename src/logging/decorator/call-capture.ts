import { type ContextData, isPrimitive, isRecord } from '../../common/primitives.js';
import { isSensitiveName, REDACTED, Redactor } from '../../common/redaction.js';
import type { Side } from '../../common/redaction-rules.js';
import { CALL_BODY_BYTES, captureBody } from '../body-capture.js';
import type { CapturedBody, CapturedRequest } from '../integration-log.js';
import type { CallParts, CallSource } from './call-source.js';
import { isTransport } from './plain-source.js';

/** What is hidden whoever's call it is. No secret is known of a host's own call: names and forms alone say what to hide. */
const REDACTOR = new Redactor();

const MAX_ID_CHARS = 256;
const ID_NAME = /^[A-Za-z_]\w{0,62}Id$/;

const WITHHELD = '(not kept: what its tenant wants hidden could not be read)';

/** A copy of what a call took or gave, without what is always hidden; not to be stored before the tenant's rules are applied. */
export interface TakenBody {
  readonly value: unknown;
  readonly contentType: string | null;
}

/** What came in, as the log may show it. */
interface ShownCall {
  readonly parts: CallParts;
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** What came in, as it was before the method could change it. */
export class TakenCall {
  private readonly taken: ShownCall;
  private last: { readonly redactor: Redactor; readonly shown: ShownCall } | null = null;

  constructor(private readonly source: CallSource) {
    this.taken = shownBy(REDACTOR, source);
  }

  /** Whose call it is, where that is said beside its ids. */
  get namedTenant(): unknown {
    return idsOf(this.source.idsIn(this.taken.parts))['tenantId'];
  }

  /** As it may be stored. `null`: nobody knows what must be hidden, so nothing is kept. */
  requestBy(redactor: Redactor | null): CapturedRequest {
    const { method, contentType, clientIp } = this.source;
    const from = clientIp === undefined ? {} : { clientIp };
    if (!redactor) return { method, url: REDACTED, headers: {}, body: captureBody(WITHHELD, CALL_BODY_BYTES), ...from };
    const { parts, url, headers } = this.shown(redactor);
    return { method, url, headers, body: captured(parts.body, contentType), ...from };
  }

  /** The ids that a log is found by where nothing else is said; what is hidden is none of them. */
  idsBy(redactor: Redactor | null): ContextData {
    return redactor ? idsOf(this.source.idsIn(this.shown(redactor).parts)) : {};
  }

  private shown(redactor: Redactor): ShownCall {
    if (redactor.isPlain) return this.taken;
    if (this.last?.redactor !== redactor) this.last = { redactor, shown: shownBy(redactor, this.taken) };
    return this.last.shown;
  }
}

function shownBy(redactor: Redactor, { parts, url, headers }: Pick<CallSource, keyof ShownCall>): ShownCall {
  const shown = partsBy(redactor, parts);
  return { parts: shown, url: urlBy(redactor, url, parts, shown), headers: redactor.headers(headers, 'request') };
}

/** What a method has answered; `undefined` is no body. */
export function takenBody(body: unknown, contentType: string | null = null): TakenBody {
  try {
    return { value: REDACTOR.value(isTransport(body) ? '[stream]' : body), contentType };
  } catch (error) {
    return { value: `(not readable: ${String(error)})`, contentType };
  }
}

export function answerBy(redactor: Redactor | null, { value, contentType }: TakenBody): CapturedBody | null {
  if (value === undefined) return null;
  if (!redactor) return captureBody(WITHHELD, CALL_BODY_BYTES);
  const shown = redactor.isPlain ? value : partBy(redactor, value, 'response', contentType);
  return captured(shown, contentType);
}

/** What an error says; it may quote what it was about. */
export const messageBy = (redactor: Redactor | null, message: string) => redactor?.text(message) ?? WITHHELD;

function partsBy(redactor: Redactor, { body, query, params }: CallParts): CallParts {
  const read = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return `(not readable: ${String(error)})`;
    }
  };
  return {
    body: read(() => partBy(redactor, body, 'request')),
    query: read(() => redactor.value(redactor.withoutPaths(query ?? {}, 'request', 'query'))),
    params: read(() => redactor.value(redactor.withoutPaths(params ?? {}, 'request', 'params'))),
  };
}

/** Text that came over the wire is read as what it says that it is. */
function partBy(redactor: Redactor, value: unknown, side: Side, contentType: string | null = null): unknown {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && contentType !== null) return redactor.body(value, side, contentType);
  return redactor.value(redactor.withoutPaths(value, side));
}

/** The parameters of a route stand in its path. */
function urlBy(redactor: Redactor, url: string, before: CallParts, after: CallParts): string {
  const [path = '', ...query] = redactor.url(url).split('?');
  const [raw, shown] = [before.params, after.params];
  if (!isRecord(raw) || !isRecord(shown)) return [path, ...query].join('?');
  const hidden = new Set(Object.keys(raw).flatMap((name) => (raw[name] === shown[name] ? [] : [String(raw[name])])));
  const segments = path.split('/').map((segment) => (hidden.has(decoded(segment)) ? REDACTED : segment));
  return [segments.join('/'), ...query].join('?');
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
