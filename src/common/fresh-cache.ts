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
  /** How long `getOrLast` gives out what was read last; without it, not at all. */
  readonly lastForMs?: number;
}

/** lru-cache takes 0 for "for ever". */
const NOT_KEPT_MS = 1;
/** Who can do with what was read last waits no longer for the database. */
const LAST_AFTER_MS = 300;
/** Who asks so soon after the database did not answer, and has not answered since, does not wait at all. */
const AWAY_FOR_MS = 10_000;

/** Values read from the database, kept for a moment: callers that ask for one key at the same time share one read. */
export class FreshCache<K extends number | string, V> {
  private readonly entries: LRUCache<K, { readonly value: Awaited<V> }>;
  private readonly last: LRUCache<K, { readonly value: Awaited<V> }> | null;
  private readonly what: string;
  private awayUntilMs = 0;

  constructor({ what, ttlMs, max, load, mayKeep = () => true, lastForMs }: FreshCacheOptions<K, V>) {
    this.what = what;
    this.last = lastForMs === undefined ? null : new LRUCache({ max, ttl: lastForMs });
    this.entries = new LRUCache({
      max,
      ttl: ttlMs,
      // Who asked before a key was forgotten gets what was read; who asks after it reads again.
      ignoreFetchAbort: true,
      fetchMethod: async (key, _stale, { options }) => {
        const value = await bounded(load(key), DATABASE_TIMEOUT_MS, `Reading ${what}`);
        if (!mayKeep(value)) options.ttl = NOT_KEPT_MS;
        this.last?.set(key, { value });
        this.awayUntilMs = 0;
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

  /** As `get`; where that fails or takes long, what was read last. */
  async getOrLast(key: K): Promise<V> {
    const last = this.last?.get(key);
    if (!last) return this.get(key);
    const reading = this.get(key);
    if (performance.now() < this.awayUntilMs) {
      reading.catch(() => undefined);
      return this.entries.get(key)?.value ?? last.value;
    }
    try {
      return await bounded(reading, LAST_AFTER_MS, `Reading ${this.what}`);
    } catch {
      this.awayUntilMs = performance.now() + AWAY_FOR_MS;
      return last.value;
    }
  }

  forget(key: K): void {
    this.entries.delete(key);
    this.last?.delete(key);
  }

  clear(): void {
    this.entries.clear();
    this.last?.clear();
  }
}
