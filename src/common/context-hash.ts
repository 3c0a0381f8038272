import { createHash } from 'node:crypto';
import type { ContextData } from './primitives.js';

/** The same context in any key order gives the same hash. Contexts are flat, so sorting the entries is enough. */
export function contextHash(context: ContextData): string {
  const entries = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex');
}
