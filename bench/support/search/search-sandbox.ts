import { type Connection, createConnection } from 'mongoose';
import { type Services, withDatabase } from '../sandbox.js';

/** A database that stays: making its logs takes minutes. */
export class SearchSandbox {
  readonly name = 'waybill_bench_search';
  readonly connection: Connection;
  readonly env: Record<string, string>;

  constructor({ mongodbUri, redisUrl }: Services) {
    const uri = withDatabase(mongodbUri, this.name);
    this.connection = createConnection(uri, { maxPoolSize: 2 });
    this.env = { BENCH_MONGODB_URI: uri, BENCH_REDIS_URL: redisUrl, BENCH_REDIS_PREFIX: this.name };
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}
