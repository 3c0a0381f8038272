import type { RawRequest } from '../logging/received/raw-request.js';

const FORM_TYPE = /^application\/x-www-form-urlencoded\b/i;
/** As many as Express reads by default; more are no form of a vendor. */
const MAX_FIELDS = 1_000;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * What a body says: its JSON, or the fields of a form by their names, each a text, or an array of them where it comes several
 * times. `undefined` where it is neither.
 */
export function dataOf({ body, headers }: Pick<RawRequest, 'body' | 'headers'>): unknown {
  const text = textOf(body);
  if (text === undefined) return undefined;
  const json = jsonOf(text);
  if (!FORM_TYPE.test(headers['content-type'] ?? '')) return json;
  // JSON is often sent under this type by mistake; a form is no object or array of JSON, whose brackets it would escape.
  return typeof json === 'object' && json !== null ? json : formOf(text);
}

/** Without the byte order mark that some senders put before it. */
function textOf(body: Buffer): string | undefined {
  try {
    return body.length === 0 ? undefined : UTF8.decode(body);
  } catch {
    return undefined;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function formOf(text: string): Record<string, string | string[]> | undefined {
  if (text.split('&', MAX_FIELDS + 1).length > MAX_FIELDS) return undefined;
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(fields);
}
