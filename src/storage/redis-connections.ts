import { once } from 'node:events';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { bounded } from '../common/bounded.js';
import { SETTINGS, type Settings } from '../config/settings.js';

/** Longer than this a caller never waits for Redis, be it one of `emit` or a delivery: there is a way without it. */
const COMMAND_TIMEOUT_MS = 2_000;
const COMMAND_OPTIONS = { enableOfflineQueue: false, commandTimeout: COMMAND_TIMEOUT_MS, maxRetriesPerRequest: 1 };

/** This process's connections to Redis. BullMQ leaves connections that it is given open, so they are ended here. */
@Injectable()
export class RedisConnections implements OnApplicationShutdown {
  private readonly log = new Logger(RedisConnections.name);
  private readonly open: Redis[] = [];
  private queues: Redis | null = null;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** The one that everything but the workers shares. Fails at once while Redis is away. */
  forQueues(): Redis {
    this.queues ??= this.keep(new Redis(this.settings.redis.url, COMMAND_OPTIONS));
    return this.queues;
  }

  areQueuesReady(): boolean {
    return this.queues?.status === 'ready';
  }

  /**
   * The same, once it is connected for the first time: a process that has just started need not take that for an outage.
   * @throws Error where that fails or takes longer than 2 s.
   */
  async whenConnected(): Promise<Redis> {
    const connection = this.forQueues();
    const isConnecting = connection.status === 'connecting' || connection.status === 'connect';
    if (isConnecting) await bounded(once(connection, 'ready'), COMMAND_TIMEOUT_MS, 'Connecting to Redis');
    return connection;
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
