import { diffLines } from 'diff';
import { create, type Delta } from 'jsondiffpatch';
import { isPrimitive, isRecord } from '../../common/primitives.js';
import type { CapturedBody, CapturedRequest } from '../../logging/integration-log.js';

export type ChangeKind = 'added' | 'removed' | 'changed' | 'moved';
export type RequestPart = 'method' | 'url' | 'headers' | 'body';

/** One difference between what was sent and what would be sent. */
interface RequestChange {
  readonly part: RequestPart;
  readonly kind: ChangeKind;
  /** JSON Pointer (RFC 6901) of a member of a JSON body, the name of a header, `line <n>` of any other body. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface RequestDiff {
  readonly changes: readonly RequestChange[];
  /** There are more than are listed. */
  readonly cut: boolean;
}

/** Changes that are listed: nobody reads more. */
const MAX_CHANGES = 500;
/** Comparing two lists takes time by the product of their lengths; longer ones are compared as lines, for a bounded time. */
const MAX_LIST = 500;
const LINES_TIMEOUT_MS = 500;

/** Say when a call was made, not what it says. */
const VOLATILE_HEADERS = new Set(['webhook-timestamp', 'webhook-signature']);

const PATCHER = create({
  objectHash: (item: object, index?: number) => {
    const id = isRecord(item) ? (item['id'] ?? item['code'] ?? item['name']) : undefined;
    return isPrimitive(id) ? String(id) : `#${index}`;
  },
});

/** What would be sent now against what was sent: JSON bodies member by member, others line by line. */
export function diffOfRequests(
  before: CapturedRequest,
  after: CapturedRequest,
  volatileHeaders: readonly string[] = [],
): RequestDiff {
  const ignored = new Set([...VOLATILE_HEADERS, ...volatileHeaders.map((name) => name.toLowerCase())]);
  const all = [
    ...changeOfText('method', before.method, after.method),
    ...changeOfText('url', before.url, after.url),
    ...changesOfHeaders(before, after, ignored),
    ...changesOfBody(bodyTextOf(before), bodyTextOf(after), before.body, after.body),
  ];
  return { changes: all.slice(0, MAX_CHANGES), cut: all.length > MAX_CHANGES };
}

const changeOfText = (part: RequestPart, before: string, after: string): RequestChange[] =>
  before === after ? [] : [{ part, kind: 'changed', path: '', before, after }];

function changesOfHeaders(
  before: CapturedRequest,
  after: CapturedRequest,
  ignored: ReadonlySet<string>,
): RequestChange[] {
  const earlier = comparableHeaders(before);
  const later = comparableHeaders(after);
  const names = [...new Set([...Object.keys(earlier), ...Object.keys(later)])].filter((name) => !ignored.has(name));
  return names.flatMap((name) => changeOfValue('headers', name, earlier[name], later[name]));
}

function changeOfValue(part: RequestPart, path: string, before: unknown, after: unknown): RequestChange[] {
  if (before === after) return [];
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return [{ part, kind, path, before: before ?? null, after: after ?? null }];
}

/** A boundary is new in each call, and says nothing. */
const BOUNDARY = /boundary="?([^";\s]+)"?/;

const comparableHeaders = ({ headers }: CapturedRequest): Record<string, string> => {
  const type = headers['content-type'];
  return type === undefined ? headers : { ...headers, 'content-type': type.replace(BOUNDARY, 'boundary=…') };
};

function bodyTextOf({ headers, body }: CapturedRequest): string {
  const boundary = BOUNDARY.exec(headers['content-type'] ?? '')?.[1];
  const text = body?.text ?? '';
  return boundary === undefined ? text : text.replaceAll(boundary, '…');
}

function changesOfBody(
  before: string,
  after: string,
  earlier: CapturedBody | null,
  later: CapturedBody | null,
): RequestChange[] {
  if (before === after) return binaryChange(earlier, later);
  const [left, right] = [jsonOf(before), jsonOf(after)];
  if (left === undefined || right === undefined) return changesOfLines(before, after);
  if (longestList(left) > MAX_LIST || longestList(right) > MAX_LIST)
    return changesOfLines(JSON.stringify(left, null, 2), JSON.stringify(right, null, 2));
  return changesOfDelta(PATCHER.diff(left, right), '');
}

/** Of a binary body, and of what was cut off, only the hash tells. */
function binaryChange(before: CapturedBody | null, after: CapturedBody | null): RequestChange[] {
  if (before?.text !== null && after?.text !== null) return [];
  if (before?.sha256 === after?.sha256) return [];
  const shown = (body: CapturedBody | null) => body && `${body.sizeBytes} bytes, SHA-256 ${body.sha256}`;
  return changeOfValue('body', '', shown(before), shown(after));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function longestList(value: unknown): number {
  if (Array.isArray(value)) return Math.max(value.length, ...value.map(longestList));
  return isRecord(value) ? Math.max(0, ...Object.values(value).map(longestList)) : 0;
}

/** Flattens a delta as jsondiffpatch writes it (its docs/deltas.md): `_3` is the third item of the list as it was. */
function changesOfDelta(delta: Delta, path: string): RequestChange[] {
  if (delta === undefined) return [];
  if (Array.isArray(delta)) return [changeOfLeaf(delta, path)];
  const isList = '_t' in delta;
  return Object.entries(delta)
    .filter(([key]) => !isList || key !== '_t')
    .flatMap(([key, inner]: [string, Delta]) =>
      changesOfDelta(inner, `${path}/${escaped(isList ? key.replace(/^_/, '') : key)}`),
    );
}

function changeOfLeaf(delta: readonly unknown[], path: string): RequestChange {
  const at = { part: 'body' as const, path };
  if (delta.length === 1) return { ...at, kind: 'added', before: null, after: delta[0] };
  if (delta.length === 2) return { ...at, kind: 'changed', before: delta[0], after: delta[1] };
  if (delta[2] === 0) return { ...at, kind: 'removed', before: delta[0], after: null };
  return { ...at, kind: 'moved', before: path, after: path.replace(/[^/]*$/, String(delta[1])) };
}

/** RFC 6901, section 3. */
const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');

function changesOfLines(before: string, after: string): RequestChange[] {
  const parts = diffLines(before, after, { timeout: LINES_TIMEOUT_MS, stripTrailingCr: true });
  if (!parts) return changeOfText('body', before, after);
  let line = 1;
  return parts.flatMap((part): RequestChange[] => {
    const path = `line ${line}`;
    if (!part.added) line += part.count;
    if (part.added) return [{ part: 'body', kind: 'added', path, before: null, after: part.value }];
    return part.removed ? [{ part: 'body', kind: 'removed', path, before: part.value, after: null }] : [];
  });
}
