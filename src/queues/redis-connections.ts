import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { SETTINGS, type Settings } from '../config/settings.js';

/** Longer than this a caller of `emit` never waits for Redis; the reconciler queues what could not be queued. */
const PRODUCER_TIMEOUT_MS = 2_000;

/** This process's connections to Redis. BullMQ leaves connections that it is given open, so they are ended here. */
@Injectable()
export class RedisConnections implements OnApplicationShutdown {
  private readonly log = new Logger(RedisConnections.name);
  private readonly open: Redis[] = [];
  private queues: Redis | null = null;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** The one that everything but the workers shares. Fails at once while Redis is away. */
  forQueues(): Redis {
    const options = { enableOfflineQueue: false, commandTimeout: PRODUCER_TIMEOUT_MS, maxRetriesPerRequest: 1 };
    this.queues ??= this.keep(new Redis(this.settings.redis.url, options));
    return this.queues;
  }

  areQueuesReady(): boolean {
    return this.queues?.status === 'ready';
  }

  /** Waits for as long as Redis is away. */
  forWorker(): Redis {
    return this.keep(new Redis(this.settings.redis.url, { maxRetriesPerRequest: null }));
  }

  onApplicationShutdown(): void {
    for (const connection of this.open) connection.disconnect();
  }

  private keep(connection: Redis): Redis {
    // Without a listener, a connection error would end the process; each command reports its own failure.
    connection.on('error', (error: Error) => this.log.warn(`Redis: ${error.message}`));
    this.open.push(connection);
    return connection;
  }
}
