import { isRecord } from '../../common/primitives.js';
import type { ObservedCall } from './call-observer.js';
import type { CallSource } from './call-source.js';

export function plainSource({ className, method, args }: ObservedCall): CallSource {
  return {
    method: 'CALL',
    url: `${className}.${method}`,
    headers: {},
    contentType: null,
    parts: { body: args.map(withoutTransport) },
    idsIn: ({ body }) => (Array.isArray(body) ? body : []),
  };
}

/** Requests, responses, streams and signals hold credentials in many places, or nothing, and are slow to walk. */
function withoutTransport(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (isTransport(value)) return '[stream]';
  if (value instanceof AbortSignal) return '[signal]';
  const held = Object.entries(Object.getOwnPropertyDescriptors(value)).filter(([, { value: own }]) => isTransport(own));
  return held.length === 0 ? value : { ...value, ...Object.fromEntries(held.map(([name]) => [name, '[stream]'])) };
}

export const isTransport = (value: unknown): boolean =>
  isRecord(value) &&
  (typeof value['pipe'] === 'function' || 'socket' in value || typeof value['getStream'] === 'function');
