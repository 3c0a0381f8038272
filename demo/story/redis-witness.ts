import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

const LOOK_AGAIN_MS = 50;
const KEYS_PER_SCAN = 500;
/** Everything around the words of JSON. */
const SEPARATORS = /[\s"',:;{}()[\]\\]+/;

export interface Testimony {
  readonly jobsRead: number;
  /** Kinds of personal data that were found; empty where all is well. */
  readonly found: readonly string[];
}

/** Reads everything that the run has in Redis while it works, and looks for what must not be there. */
export class RedisWitness {
  private readonly redis: Redis;
  private readonly stopping = new AbortController();
  private readonly jobs = new Set<string>();
  private readonly found = new Set<string>();
  private watching: Promise<void> = Promise.resolve();

  /** @param personal words that must not travel through the queue */
  constructor(
    url: string,
    private readonly prefix: string,
    private readonly personal: ReadonlySet<string>,
  ) {
    this.redis = new Redis(url);
  }

  start(): void {
    this.watching = this.watch();
    // Whoever stops the witness is told; until then nobody need be.
    this.watching.catch(() => undefined);
  }

  async stop(): Promise<Testimony> {
    this.stopping.abort();
    try {
      await this.watching;
    } finally {
      this.redis.disconnect();
    }
    return { jobsRead: this.jobs.size, found: [...this.found] };
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const startedAt = performance.now();
      await this.look();
      // It takes a fifth of the time at the most, whatever the size of the queue.
      const restMs = Math.max(LOOK_AGAIN_MS, 4 * (performance.now() - startedAt));
      await delay(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    for await (const keys of this.redis.scanStream({ match: `${this.prefix}:*`, count: KEYS_PER_SCAN })) {
      if (Array.isArray(keys)) await Promise.all(keys.map((key) => this.read(String(key))));
    }
  }

  private async read(key: string): Promise<void> {
    const type = await this.redis.type(key);
    const content = await this.contentOf(key, type);
    if (type === 'hash' && content.includes('data')) this.jobs.add(key);
    for (const word of content.join(' ').split(SEPARATORS)) if (this.personal.has(word)) this.found.add(word);
  }

  private async contentOf(key: string, type: string): Promise<string[]> {
    if (type === 'hash') return Object.entries(await this.redis.hgetall(key)).flat();
    if (type === 'string') return [(await this.redis.get(key)) ?? ''];
    if (type === 'list') return this.redis.lrange(key, 0, -1);
    if (type === 'set') return this.redis.smembers(key);
    if (type === 'zset') return this.redis.zrange(key, '0', '-1');
    if (type === 'stream') return (await this.redis.xrange(key, '-', '+')).flat(2).map(String);
    return [];
  }
}
