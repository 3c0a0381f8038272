import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { type Connection, createConnection } from 'mongoose';
import { BenchFailure } from './bench-failure.js';
import { within } from './bounded.js';

const SERVICE_TIMEOUT_MS = 5_000;

export interface Services {
  readonly mongodbUri: string;
  readonly redisUrl: string;
}

/** The services that `npm run bench` has brought up. */
export function servicesFrom({ MONGODB_URI, REDIS_URL }: NodeJS.ProcessEnv): Services {
  if (MONGODB_URI && REDIS_URL) return { mongodbUri: MONGODB_URI, redisUrl: REDIS_URL };
  throw new BenchFailure('MONGODB_URI and REDIS_URL are not set; start the bench by `npm run bench`');
}

/** Fails at once, and says which, where a service does not answer. */
export async function requireReachable({ mongodbUri, redisUrl }: Services): Promise<void> {
  const redis = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on('error', () => undefined);
  const connection = createConnection();
  try {
    await answering('Redis (REDIS_URL)', () => redis.ping());
    await answering('MongoDB (MONGODB_URI)', () =>
      connection.openUri(mongodbUri, { serverSelectionTimeoutMS: SERVICE_TIMEOUT_MS }),
    );
  } finally {
    redis.disconnect();
    await connection.close();
  }
}

async function answering(service: string, ask: () => Promise<unknown>): Promise<void> {
  try {
    await within(2 * SERVICE_TIMEOUT_MS, `an answer of ${service}`, ask());
  } catch (error) {
    if (error instanceof BenchFailure) throw error;
    throw new BenchFailure(`${service} does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A database and a Redis prefix of their own, gone without a trace at the end. */
export class Sandbox {
  readonly mongodbUri: string;
  readonly redisUrl: string;
  readonly redisPrefix: string;
  readonly connection: Connection;

  constructor(services: Services) {
    const name = `bench_${process.pid.toString(36)}${randomBytes(4).toString('hex')}`;
    this.mongodbUri = withDatabase(services.mongodbUri, name);
    this.redisUrl = services.redisUrl;
    this.redisPrefix = name;
    this.connection = createConnection(this.mongodbUri, {
      serverSelectionTimeoutMS: SERVICE_TIMEOUT_MS,
      maxPoolSize: 2,
    });
  }

  get env(): Record<string, string> {
    return { BENCH_MONGODB_URI: this.mongodbUri, BENCH_REDIS_URL: this.redisUrl, BENCH_REDIS_PREFIX: this.redisPrefix };
  }

  async drop(): Promise<void> {
    await this.connection.asPromise();
    await this.connection.dropDatabase();
    await this.connection.close();
    const redis = new Redis(this.redisUrl, { maxRetriesPerRequest: 1 });
    redis.on('error', () => undefined);
    for await (const keys of redis.scanStream({ match: `${this.redisPrefix}:*`, count: 1_000 })) {
      if (Array.isArray(keys) && keys.length > 0) await redis.unlink(...keys.map(String));
    }
    await redis.quit();
  }
}

/** The connection string for another database; who logged in by the database of the path still does. */
export function withDatabase(uri: string, name: string): string {
  const [, server = uri, path = '', query = ''] = /^([a-z+]+:\/\/[^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(uri) ?? [];
  const needsSource = server.includes('@') && path !== '' && !/(^|&)authSource=/i.test(query);
  const options = [query, needsSource ? `authSource=${path}` : ''].filter((option) => option !== '').join('&');
  return `${server}/${name}${options === '' ? '' : `?${options}`}`;
}
