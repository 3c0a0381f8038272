import { LRUCache } from 'lru-cache';
import { bounded, DATABASE_TIMEOUT_MS } from './bounded.js';

export interface FreshCacheOptions<K, V> {
  /** What is loaded, for messages: "the integrations". */
  readonly what: string;
  /** How long a value is given out after it was read. */
  readonly ttlMs: number;
  readonly max: number;
  /** Whether a value may be given out again at all; without it every value may. */
  readonly mayKeep?: (value: Awaited<V>) => boolean;
  readonly load: (key: K) => Promise<V>;
}

/** lru-cache takes 0 for "for ever". */
const NOT_KEPT_MS = 1;

/** Values read from the database, kept for a moment: callers that ask for one key at the same time share one read. */
export class FreshCache<K extends number | string, V> {
  private readonly entries: LRUCache<K, { readonly value: Awaited<V> }>;

  constructor({ what, ttlMs, max, load, mayKeep = () => true }: FreshCacheOptions<K, V>) {
    this.entries = new LRUCache({
      max,
      ttl: ttlMs,
      // Who asked before a key was forgotten gets what was read; who asks after it reads again.
      ignoreFetchAbort: true,
      fetchMethod: async (key, _stale, { options }) => {
        const value = await bounded(load(key), DATABASE_TIMEOUT_MS, `Reading ${what}`);
        if (!mayKeep(value)) options.ttl = NOT_KEPT_MS;
        return { value };
      },
    });
  }

  async get(key: K): Promise<V> {
    const entry = await this.entries.fetch(key);
    return entry ? entry.value : this.get(key);
  }

  /** What was read a moment ago; `undefined` where the database has to be asked. */
  current(key: K): Awaited<V> | undefined {
    return this.entries.get(key)?.value;
  }

  forget(key: K): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
