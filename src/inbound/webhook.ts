import { hash } from 'node:crypto';
import { isRecord } from '../common/primitives.js';
import type { RawRequest } from '../logging/received/raw-request.js';
import { dataOf } from './body-data.js';
import type { InboundSource } from './sources/inbound-source.js';

/** Of a source whose webhooks do not say of which type they are. */
const ANY_TYPE = '*';
const MAX_ID_CHARS = 256;

/** A webhook as its source says that it is read. */
export interface Webhook {
  readonly source: InboundSource;
  readonly request: RawRequest;
  /** What the body says, as JSON or as a form; `undefined` where it is neither. */
  readonly data: unknown;
  readonly type: string;
  /** The vendor's id of the event, or the hash of the body. */
  readonly eventId: string;
}

/** `verifiedId`: the id that the verification found, and that is signed. */
export function readWebhook(source: InboundSource, request: RawRequest, verifiedId?: string): Webhook {
  const data = dataOf(request);
  const idAt = (place: string | null) => (place === null ? undefined : wholeTextOf(valueAtPlace(place, request, data)));
  const at = (place: string | null) => (place === null ? undefined : textOf(valueAtPlace(place, request, data)));
  return {
    source,
    request,
    data,
    type: at(source.eventType) ?? ANY_TYPE,
    eventId: shownId(idAt(source.eventId) ?? verifiedId ?? hash('sha256', contentOf(request), 'hex')),
  };
}

/** Two long ones that begin alike are not the same event. */
const shownId = (id: string) => (id.length > MAX_ID_CHARS ? `sha256:${hash('sha256', id, 'hex')}` : id);

/** Without a body, the event is in the query. */
const contentOf = ({ body, method, url }: RawRequest) =>
  body.length > 0 ? body : `${method} ${new URL(url, 'http://any').search}`;

/** A record of a webhook that is a file, as a webhook of its own. */
export function recordOf(file: Webhook, value: unknown, line: number): Webhook {
  const { source, request, eventId } = file;
  const body = Buffer.from(JSON.stringify(value));
  const record = readWebhook(source, { ...request, body, headers: { ...request.headers, ...JSON_TYPE } });
  return { ...record, data: value, eventId: `${eventId}#${line}` };
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** `header:<name>`, `query:<name>`, or a JSON Pointer (RFC 6901) into the body, such as `/data/id`, or `/MessageSid` of a form. */
const PLACE = /^(?:header:[\w-]{1,128}|query:[^\s]{1,128}|(?:\/[^/\s]{1,128}){1,16})$/;

/** What is said of a text that is no place. */
export const PLACE_FORM = 'must be header:<name>, query:<name>, or a JSON Pointer into the body such as /data/id';

export const isPlace = (text: string) => PLACE.test(text);

/** What stands at a place; `undefined` where nothing does. */
export function valueAtPlace(place: string, { headers, url }: RawRequest, data: unknown): unknown {
  const [kind = '', name = ''] = place.split(/:(.*)/s);
  if (kind === 'header') return headers[name.toLowerCase()];
  if (kind === 'query') return new URL(url, 'http://any').searchParams.get(name) ?? undefined;
  const names = place.slice(1).split('/').map(unescaped);
  return names.reduce<unknown>((value, member) => memberOf(value, member), data);
}

const unescaped = (name: string) => name.replaceAll('~1', '/').replaceAll('~0', '~');

function memberOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return /^\d+$/.test(name) ? value[Number(name)] : undefined;
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Text and numbers only: nothing else is an id. */
export const textOf = (value: unknown): string | undefined => wholeTextOf(value)?.slice(0, MAX_ID_CHARS);

/** A whole number that JSON.parse has rounded is not what was sent. */
function wholeTextOf(value: unknown): string | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
